"""Linear discriminant analysis: Gaussian classes that share one covariance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.statistics.positive_definite import solve_positive
from labelworks.tasks.methods.statistics.sums import ClassSums

SHRINKAGE = 0.1
ROUNDING = 1e-9  # of the squares, in sums of single precision: all there is of rows that are the same


@register("probes", "lda", needs=("sums",), source="Fisher 1936; shrinkage: Friedman 1989")
def lda(sums: ClassSums) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit LDA in closed form: weights (D, K) and intercepts (K,) of its linear log-odds.

    Of rows that are all the same, whose sums hold nothing but rounding, it is the class shares.
    """
    dim, square = sums.gram.shape[0], float(np.trace(sums.gram))
    means = sums.means
    if square <= 0:
        return np.zeros((dim, len(means))), sums.log_prior
    rows, classes = sums.count.sum(), np.count_nonzero(sums.count)
    within = sums.gram - (sums.total.T / np.maximum(sums.count, 1.0)) @ sums.total
    covariance = within / max(rows - classes, 1.0)
    rounding = ROUNDING * square / max(rows, 1.0)
    spread = float(np.trace(covariance))
    if spread <= rounding:  # it may even be negative: nothing by which rows of a class differ
        covariance = np.zeros_like(covariance)
    scale = max(spread, rounding, np.finfo(np.float32).tiny) / dim
    covariance = (1.0 - SHRINKAGE) * covariance + SHRINKAGE * scale * np.eye(dim)
    weights = solve_positive(covariance, means.T)
    return weights, sums.log_prior - 0.5 * np.einsum("kd,dk->k", means, weights)
