"""An affine map of the rows, applied to their sums, and taken up by the probe that is fitted behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.statistics.sums import ClassSums

FLOOR = np.finfo(np.float32).tiny
FLAT = 1e-6  # of the mean square: variance that rounding alone makes


@dataclass(frozen=True)
class Affine:
    """Rows (N, D) become (rows - centre) @ matrix: centre (D,), matrix (D, d); (D,) for a diagonal one."""

    centre: NDArray[np.float64]
    matrix: NDArray[np.float64]

    def rows(self, rows: NDArray[np.floating]) -> NDArray[np.float64]:
        """Rows (N, d) of rows (N, D)."""
        return self._mapped(rows - self.centre)

    def sums(self, sums: ClassSums) -> ClassSums:
        """The sums of the mapped rows, from those of the rows."""
        shift = np.outer(sums.total.sum(axis=0), self.centre)
        square = sums.count.sum() * np.outer(self.centre, self.centre)
        half = self._mapped(sums.gram - shift - shift.T + square)
        total = self._mapped(sums.total - np.outer(sums.count, self.centre))
        return ClassSums(sums.count, total, self._mapped(half.T))

    def before(
        self, weights: NDArray[np.floating], intercept: NDArray[np.floating]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The linear model of the rows that is this map and then a linear model (d, K), (K,)."""
        whole = self.matrix[:, None] * weights if self.matrix.ndim == 1 else self.matrix @ weights
        return whole, np.asarray(intercept - self.centre @ whole, dtype=np.float64)

    def _mapped(self, rows: NDArray[np.floating]) -> NDArray[np.float64]:
        return np.asarray(rows * self.matrix if self.matrix.ndim == 1 else rows @ self.matrix)


def moments(sums: ClassSums) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean (D,) and covariance (D, D) of all rows."""
    rows = max(float(sums.count.sum()), 1.0)
    mean = sums.total.sum(axis=0) / rows
    return mean, sums.gram / rows - np.outer(mean, mean)


def mean_variance(covariance: NDArray[np.float64]) -> float:
    """Mean of the variances of the dimensions, never 0."""
    return max(float(np.trace(covariance)) / len(covariance), float(FLOOR))


def spreads(variance: NDArray[np.float64], square: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard deviations (D,) of columns by variance and mean square; of one that doesn't vary, its size.

    So that a column has no more say for the unit that it is written in. Never 0.
    """
    there = variance > FLAT * square
    size = np.where(there, variance, np.where(square > 0, square, 1.0))
    return np.asarray(np.sqrt(size), np.float64)


def standardised(sums: ClassSums) -> Affine:
    """The map that brings each column to a spread of 1, around the mean of all rows."""
    rows = max(float(sums.count.sum()), 1.0)
    mean, square = sums.total.sum(axis=0) / rows, np.diagonal(sums.gram) / rows
    return Affine(mean, 1 / spreads(square - mean**2, square))
