"""One label a row: as it is, or as a known noise transition makes it of the true one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.treatment.imprecise.core.likelihood import Likelihood, Marks


@register("label_kind", "single", source="Natarajan et al. 2013")
def single(marks: Marks, *, transition: NDArray[np.floating] | None = None) -> Likelihood:
    """One class a row. transition (K, K): P(given | true), a row a true class; None: labels are right.

    Raises InputError for a row of another number of classes, or a transition that is none.
    """
    refuse_other_than_one(marks)
    if transition is None:
        return Likelihood.of_marks(marks)
    matrix, classes = np.asarray(transition, np.float32), marks.shape[1]
    if matrix.shape != (classes, classes) or (matrix < 0).any() or abs(matrix.sum(1) - 1).max() > 1e-3:
        raise InputError(
            f"transition {matrix.shape} holds no distributions of {classes} classes",
            where="transition",
            fix="give (K, K): a row a true class, P(given | true), summing to 1",
        )
    return Likelihood.of_marks(marks, by_mark=np.ascontiguousarray(matrix.T))


def refuse_other_than_one(marks: Marks, least: int = 1) -> None:
    """Raise InputError naming the first row with more than one class, or fewer than `least`."""
    counts = np.diff(marks.indptr)
    bad = (counts > 1) | (counts < least)
    if bad.any():
        row = int(bad.argmax())
        raise InputError(
            f"a single label is of {counts[row]} classes",
            where=f"row {row}",
            fix="say kind 'candidates' for several of which one is right, 'none' for no label",
        )
