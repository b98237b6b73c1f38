"""Rows that people looked at, what they said, and how likely each was to be shown to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.arrays import numbers

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Audited:
    """Row numbers (n,), what was said of each (n,), and its weight (n,), mean 1: 1 / P(it was shown)."""

    rows: NDArray[np.intp]
    said: Floats
    weight: Floats

    @classmethod
    def checked(cls, rows: ArrayLike, said: ArrayLike, shown: ArrayLike | None, count: int) -> Audited:
        """Those of `count` rows; raises InputError where they don't fit, aren't there, or come twice."""
        places, answers = np.asarray(rows), numbers(said, "audited answers").astype(np.float64)
        if places.ndim != 1 or places.shape != answers.shape or not places.size:
            raise InputError(
                f"audited rows {places.shape} and answers {answers.shape} don't fit each other",
                where="audited",
                fix="give (row numbers, what was said of each)",
            )
        if places.dtype.kind not in "iu" or not ((places >= 0) & (places < count)).all():
            raise InputError(f"audited rows are no row numbers in [0, {count})", where="audited")
        if len(np.unique(places)) < len(places):
            raise InputError("a row was audited twice", where="audited", fix="give one answer a row")
        if not np.isfinite(answers).all():
            row = int(places[int(np.argmin(np.isfinite(answers)))])
            raise InputError("an answer is missing", where=f"row {row}", fix="leave out rows without one")
        weight = np.ones(len(places)) if shown is None else 1 / _shown(shown, places)
        return cls(places.astype(np.intp), answers, weight / weight.mean())

    @property
    def binary(self) -> Floats:
        """What was said (n,) as 0 and 1; raises InputError where it is something else."""
        bad = (self.said != 0) & (self.said != 1)
        if bad.any():
            place = int(bad.argmax())
            raise InputError(
                f"the answer is {self.said[place]:g}",
                where=f"row {self.rows[place]}",
                fix="say True or False (1 or 0) of each row",
            )
        return self.said


def _shown(shown: ArrayLike, places: NDArray[np.integer]) -> Floats:
    values = numbers(shown, "shown").astype(np.float64)
    if values.shape != places.shape:
        raise InputError(
            f"shown has the shape {values.shape}",
            where="shown",
            fix=f"give one probability for each of {len(places)} audited rows",
        )
    bad = ~((values > 0) & (values <= 1))
    if bad.any():
        place = int(bad.argmax())
        raise InputError(
            f"the probability of being shown is {values[place]}",
            where=f"row {places[place]}",
            fix="give the probability, over 0, with which the row was chosen",
        )
    return values
