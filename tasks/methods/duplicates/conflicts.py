"""Near-duplicates that bear different labels: at most one of them is right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.arrays import class_codes, numbers
from labelworks.tasks.methods.neighbours.cosine import nearest, unit_length
from labelworks.tasks.methods.registry import register


@dataclass(frozen=True)
class DuplicateConflicts:
    """group (N,) int: rows of a group are near-duplicates of each other, -1 for a row without any.

    conflict (N,) bool: its group bears several labels; majority (N,): the group's most frequent label, the
    row's own where there is a tie.
    """

    group: NDArray[np.int64]
    conflict: NDArray[np.bool_]
    majority: NDArray[np.int64]


@register(
    "questions", "duplicate-conflicts", needs=("labels", "features"), source="this project; copies by cosine"
)
def duplicate_conflicts(
    labels: ArrayLike,
    features: NDArray[np.floating],
    *,
    neighbours: NDArray[np.integer] | None = None,
    similarity: float = 0.98,
) -> DuplicateConflicts:
    """Group rows whose cosine is at least `similarity`, and find groups with more than one label.

    labels (N,), features (N, D), neighbours (N, k) where known. Raises ConfigError for a similarity outside
    (0, 1].
    """
    if not 0 < similarity <= 1:
        raise ConfigError(f"similarity {similarity}", where="duplicate_conflicts", fix="give one in (0, 1]")
    given, rows = class_codes(labels), numbers(features, "features").astype(np.float32, copy=False)
    near = nearest(rows, min(10, len(rows) - 1)) if neighbours is None else np.asarray(neighbours)
    group = _groups(rows, near, similarity)
    alone = np.bincount(group)[group] == 1
    pairs, count = np.unique(np.stack([group, given], axis=1), axis=0, return_counts=True)
    several = np.bincount(pairs[:, 0]) > 1
    most = np.zeros(group.max() + 1, np.int64)
    np.maximum.at(most, pairs[:, 0], count)
    majority = given.copy()
    for where, label in pairs[count == most[pairs[:, 0]]]:
        members = np.flatnonzero(group == where) if several[where] else np.zeros(0, np.int64)
        tied = (count[pairs[:, 0] == where] == most[where]).sum() > 1
        majority[members] = given[members] if tied else label
    return DuplicateConflicts(np.where(alone, -1, group), several[group], majority)


def _groups(rows: NDArray[np.float32], near: NDArray[np.integer], similarity: float) -> NDArray[np.int64]:
    unit = unit_length(rows)
    start = np.repeat(np.arange(len(rows)), near.shape[1])
    alike = np.einsum("nd,nkd->nk", unit, unit[near]).ravel() >= similarity - 1e-6
    links = csr_array(
        (np.ones(alike.sum(), np.int8), (start[alike], near.ravel()[alike])), shape=(len(rows), len(rows))
    )
    return np.asarray(connected_components(links, directed=False)[1], np.int64)
