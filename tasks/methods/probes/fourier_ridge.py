"""Ridge regression of random features onto the one-hot labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.probes.ridge import ridge
from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.statistics.sums import ClassSums


@register("probes", "fourier-ridge", needs=("random_features",), source="Rahimi & Recht 2007")
def fourier_ridge(mapped: ClassSums) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit ridge regression to the sums of random features: weights (M, K) and intercepts (K,)."""
    return ridge(mapped)
