"""Copies: rows made of the same content, or nearly, in groups, and groups with two labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components


@dataclass(frozen=True)
class Copies:
    """Rows (N,) in groups of copies: group, -1 for a row that is alone; whether the group bears two labels;

    whether it is of near duplicates, that is, of more than one content.
    """

    group: NDArray[np.int64]
    conflict: NDArray[np.bool_]
    near: NDArray[np.bool_]

    @property
    def surplus(self) -> int:
        """Rows that repeat the content of one before them, of groups with one content."""
        members = self.group[(self.group >= 0) & ~self.near]
        return len(members) - len(np.unique(members))


def copies(
    contents: NDArray[np.integer], given: NDArray[np.integer], pairs: NDArray[np.integer] | None = None
) -> Copies:
    """Group rows of equal content (N,), and find groups whose given labels (N,) differ.

    pairs (P, 2): rows that are near duplicates; what they connect is one group.
    """
    rows = len(contents)
    if not rows:
        return Copies(np.zeros(0, np.int64), np.zeros(0, bool), np.zeros(0, bool))
    _, same = np.unique(contents, return_inverse=True)
    group = same
    if pairs is not None and len(pairs):
        size = int(same.max()) + 1
        links = csr_array(
            (np.ones(len(pairs), np.int8), (same[pairs[:, 0]], same[pairs[:, 1]])), shape=(size, size)
        )
        group = np.asarray(connected_components(links, directed=False)[1], np.int64)[same]
    count = np.bincount(group)
    conflict, near = _differ(group, np.asarray(given, np.int64)), _differ(group, same)
    return Copies(np.where(count[group] > 1, group, -1), conflict[group], near[group])


def _differ(group: NDArray[np.integer], values: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Which groups (G,) of rows (N,) have two values (N,)."""
    low = np.full(int(group.max()) + 1, np.iinfo(np.int64).max)
    high = np.full(len(low), np.iinfo(np.int64).min)
    np.minimum.at(low, group, values)
    np.maximum.at(high, group, values)
    return np.asarray(low < high)
