"""What rows that were looked at say of a difference between two models, by stratum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
QUANTILE = 1.96  # of 95 %
HALF = 0.5  # of a row, imagined on either side, so that no handful of rows is sure


@dataclass(frozen=True)
class AuditedSample:
    """A mean of all rows by those looked at, its interval of 95 %, and how many these were.

    here: where the interval is of all rows like them, that of these very rows.
    """

    value: float
    low: float
    high: float
    looks: int
    here: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class Looked:
    """By stratum (H,): rows, rows looked at, the sum and the sum of squares of what was found in these."""

    rows: Floats
    looks: Floats
    total: Floats
    squares: Floats

    @classmethod
    def of(cls, stratum: ArrayLike, stratum_rows: ArrayLike, values: ArrayLike) -> Looked:
        """Of rows looked at (n,): the stratum of each, how many rows that has, and what was found.

        A stratum of which nothing was looked at is not there; what is said is then of the others.
        """
        _, first, place = np.unique(np.asarray(stratum), return_index=True, return_inverse=True)
        seen = np.asarray(values, np.float64)
        size = len(first)
        rows = np.asarray(stratum_rows, np.float64)[first]
        looks = np.bincount(place, minlength=size).astype(np.float64)
        total, squares = (
            np.bincount(place, power, size).astype(np.float64) for power in (seen, np.square(seen))
        )
        return cls(np.maximum(rows, looks), looks, total, squares)

    @property
    def unseen(self) -> Floats:
        """Share of each stratum (H,) that was not looked at: what was, is known."""
        return 1 - self.looks / self.rows


def difference(looked: Looked, of: int, *, beyond: float = 0.0) -> AuditedSample:
    """Mean over `of` rows of values in [-1, 1] that are 0 outside of the strata, by those looked at.

    It is of these very rows, where what was looked at is known. beyond: over 0, it is of all rows like them:
    then also so many times the variance counts that drawing the rows themselves has.
    """
    weight = looked.rows / of
    mean = looked.total / looked.looks
    spread = _spread(looked)
    value = float(weight @ mean)
    variance = float(np.square(weight) @ (looked.unseen * spread / looked.looks))
    if beyond:
        second = (looked.squares + 2 * HALF) / (looked.looks + 2 * HALF)
        variance += beyond * max(float(weight @ second) - value * value, 0.0) / of
    error = QUANTILE * float(np.sqrt(variance))
    return AuditedSample(
        value, max(value - error, -1.0), min(value + error, 1.0), round(float(looked.looks.sum()))
    )


def _spread(looked: Looked) -> Floats:
    """Variances (H,) of the values, half a row imagined at either end."""
    rows = looked.looks + 2 * HALF
    variance = (looked.squares + 2 * HALF) / rows - np.square(looked.total / rows)
    return np.asarray(np.maximum(variance, 0))
