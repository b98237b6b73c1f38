"""Rows that several splits of a dataset share: copies, equal or near, on both sides of a split."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WHY = EXACT, NEAR, SAME_ID = "the same content", "nearly the same content", "the same id"


def shared_groups(group: NDArray[np.integer], split: NDArray[np.integer], splits: int) -> NDArray[np.bool_]:
    """Find which other splits have a row's group too: (N, S) bool, False for its own.

    group (N,): rows of one value are copies of each other; split (N,): of each in [0, S), -1 for none.
    """
    elsewhere = np.zeros((len(group), splits), bool)
    there = np.flatnonzero(np.asarray(split) >= 0)
    if not len(there):
        return elsewhere
    _, of = np.unique(np.asarray(group)[there], return_inverse=True)
    held = np.zeros((int(of.max()) + 1, splits), bool)
    held[of, split[there]] = True
    elsewhere[there] = held[of]
    elsewhere[there, split[there]] = False
    return elsewhere
