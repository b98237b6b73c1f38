"""The nearest class mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.statistics.sums import ClassSums


@register("probes", "prototype", needs=("sums",), source="Snell 2017")
def prototype(sums: ClassSums) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit class prototypes: weights (D, K) and intercepts (K,), half the negative squared distance."""
    means = sums.means
    return means.T.copy(), -0.5 * np.einsum("kd,kd->k", means, means)
