"""Near-duplicates that bear different labels: at most one of them is right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.arrays import class_codes, numbers
from labelworks.tasks.methods.duplicates.groups import Copies, copies
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
    "duplicates", "duplicate-conflicts", needs=("labels", "features"), source="this project; copies by cosine"
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
    conflicts = copies(np.arange(len(rows)), given, _alike(rows, near, similarity))
    return DuplicateConflicts(conflicts.group, conflicts.conflict, _majority(conflicts, given))


def _alike(rows: NDArray[np.float32], near: NDArray[np.integer], similarity: float) -> NDArray[np.int64]:
    """Pairs (P, 2) of a row (N, D) and one of its neighbours (N, k) whose cosine is large enough."""
    unit = unit_length(rows)
    alike = np.einsum("nd,nkd->nk", unit, unit[near]) >= similarity - 1e-6
    return np.stack([alike.nonzero()[0], near[alike]], axis=1)


def _majority(found: Copies, given: NDArray[np.int64]) -> NDArray[np.int64]:
    """The commonest label of each row's group (N,), the row's own where two are or its group has but one."""
    members = np.flatnonzero(found.conflict)
    if not len(members):
        return given.copy()
    _, group = np.unique(found.group[members], return_inverse=True)
    (of, label), count = np.unique(np.stack([group, given[members]]), axis=1, return_counts=True)
    commonest = np.zeros(group.max() + 1, np.int64)
    np.maximum.at(commonest, of, count)
    top = count == commonest[of]
    winner = np.zeros(len(commonest), np.int64)
    winner[of[top]] = label[top]
    majority = given.copy()
    tied = np.bincount(of[top])[group] > 1
    majority[members] = np.where(tied, given[members], winner[group])
    return majority
