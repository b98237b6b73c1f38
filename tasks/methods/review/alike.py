"""Rows of a queue that are alike, so that one look may decide all of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MOST = 12  # rows that follow one


def alike(vectors: NDArray[np.floating], doubt: NDArray[np.integer]) -> NDArray[np.int64]:
    """By row (n,) the place of the earlier row that it is like; its own place where there is none.

    vectors (n, D); doubt (n,): a code of the labels given and suggested, below 0 where none is suggested. Two
    rows are alike where their doubt is the same, and each is nearer (by cosine) to the other than to any row
    of another doubt: what lies between is of their kind. The first of a group leads; at most MOST follow.
    """
    count = len(doubt)
    leads = np.arange(count)
    if count == 0:
        return leads
    unit = np.asarray(vectors, np.float32)
    unit = unit / np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-12)
    near = unit @ unit.T
    same = doubt[:, None] == doubt
    other = np.where(same, -np.inf, near).max(axis=1)
    pure = same & (doubt[:, None] >= 0) & (near > other[:, None]) & (near > other)
    free = np.ones(count, bool)
    for row in range(count):
        if not free[row]:
            continue
        follows = np.flatnonzero(pure[row] & free & (np.arange(count) > row))
        follows = follows[np.argsort(-near[row, follows], kind="stable")[:MOST]]
        leads[follows], free[follows] = row, False
    return leads
