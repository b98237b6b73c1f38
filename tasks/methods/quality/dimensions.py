"""Dimensions that carry nothing of their own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.statistics.sums import ClassSums

SAME = 0.9999  # correlation, either sign, from which one dimension repeats another


def covariance(sums: ClassSums) -> NDArray[np.float64]:
    """Covariance (D, D) of all rows."""
    rows = max(float(sums.count.sum()), 1.0)
    mean = sums.total.sum(axis=0) / rows
    return np.asarray(sums.gram / rows - np.outer(mean, mean), dtype=np.float64)


def duplicated_dimensions(sums: ClassSums) -> int:
    """How many dimensions say what one before them says, up to sign and scale; dead ones are none of them."""
    matrix = covariance(sums)
    spread = np.sqrt(np.maximum(np.diag(matrix), 0.0))
    live = spread > 1e-6 * max(float(spread.max(initial=0.0)), 1e-30)
    scale = np.where(live, spread, np.inf)
    alike = np.triu(np.abs(matrix) / np.outer(scale, scale) > SAME, 1)
    return int(np.count_nonzero(alike.any(axis=0)))
