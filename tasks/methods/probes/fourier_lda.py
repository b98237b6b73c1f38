"""Linear discriminant analysis of random features: Gaussian classes in the space of a Gaussian kernel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.probes.lda import lda
from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.statistics.sums import ClassSums


@register("probes", "fourier-lda", needs=("random_features",), source="Rahimi & Recht 2007, Mika 1999")
def fourier_lda(mapped: ClassSums) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit LDA to the sums of random features: weights (M, K) and intercepts (K,)."""
    return lda(mapped)
