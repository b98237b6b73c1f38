"""Ridge regression onto the one-hot labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.statistics.sums import ClassSums

PENALTY = 1e-2  # of the mean eigenvalue of the covariance


@register("probes", "ridge", needs=("sums",), source="Hoerl & Kennard 1970")
def ridge(sums: ClassSums) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit ridge regression in closed form: weights (D, K) and intercepts (K,) of its class scores."""
    dim = sums.gram.shape[0]
    rows = max(sums.count.sum(), 1.0)
    mean, share = sums.total.sum(axis=0) / rows, sums.count / rows
    covariance = sums.gram / rows - np.outer(mean, mean)
    cross = sums.total.T / rows - np.outer(mean, share)
    scale = max(float(np.trace(covariance)) / dim, np.finfo(np.float32).tiny)
    weights = np.linalg.solve(covariance + PENALTY * scale * np.eye(dim), cross)
    return weights, share - mean @ weights
