"""Ridge regression onto the one-hot labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.statistics.positive_definite import solve_positive
from labelworks.tasks.methods.statistics.sums import ClassSums

PENALTY = 1e-2  # of the mean eigenvalue of the covariance


@register("probes", "ridge", needs=("sums",), source="Hoerl & Kennard 1970")
def ridge(sums: ClassSums) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit ridge regression in closed form: weights (D, K) and intercepts (K,) of its class scores.

    Of rows that are all the same it is the class shares.
    """
    dim = sums.gram.shape[0]
    rows = max(sums.count.sum(), 1.0)
    mean, share = sums.total.sum(axis=0) / rows, sums.count / rows
    covariance = sums.gram / rows - np.outer(mean, mean)
    cross = sums.total.T / rows - np.outer(mean, share)
    scale = float(np.trace(covariance)) / dim
    if scale <= 0:  # rows that are the same, whose sums hold nothing but rounding
        return np.zeros((dim, len(share))), share
    penalty = PENALTY * max(scale, float(np.finfo(np.float32).tiny))
    weights = solve_positive(covariance + penalty * np.eye(dim), cross)
    return weights, share - mean @ weights
