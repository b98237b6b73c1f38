"""Effective rank of an embedding."""

from __future__ import annotations

import numpy as np

from labelworks.tasks.methods.quality.dimensions import covariance
from labelworks.tasks.methods.statistics.sums import ClassSums

EPSILON = 1e-7
NOISE = 1e-6  # of the mean square, or of the largest one: what is under it is the rounding of the sums


def rankme(sums: ClassSums, *, scaled: bool = False) -> float:
    """RankMe: exponential of the entropy of the singular values of the rows, between 1 and D.

    From the gram matrix, whose eigenvalues are their squares. scaled: of the correlations instead, so that
    no dimension counts more for its unit. Source: Garrido 2023, equation 2.
    """
    matrix = covariance(sums) if scaled else sums.gram
    if scaled:
        variance = np.diag(matrix)
        live = variance > NOISE * np.diag(sums.gram) / max(float(sums.count.sum()), 1.0)
        spread = np.sqrt(np.where(live, variance, 1.0))
        matrix = matrix[np.ix_(live, live)] / np.outer(spread[live], spread[live])
    if not matrix.size or not np.any(matrix):
        return 1.0
    squares = np.linalg.eigvalsh(matrix)
    singular = np.sqrt(np.where(squares > NOISE * squares[-1], squares, 0.0))
    share = singular / singular.sum() + EPSILON
    return float(max(1.0, np.exp(-np.sum(share * np.log(share)))))


def rank_share(rank: float, dim: int) -> float | None:
    """Where a rank lies between 1 (collapsed: 0) and D (1); None for a single dimension."""
    return None if dim < 2 else max(0.0, rank - 1.0) / (dim - 1)
