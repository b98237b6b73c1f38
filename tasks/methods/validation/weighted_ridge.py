"""A plain model of any numbers, trained on all rows at once: ridge regression that counts rows by weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sklearn.linear_model import Ridge

PENALTY = 0.01  # of the mean eigenvalue of the scatter


def fit_ridge(
    features: NDArray[np.floating], targets: NDArray[np.floating], weights: NDArray[np.floating] | None
) -> Ridge:
    """Fit targets (N, M) by features (N, D), rows counted by weights (N,); its `predict` gives (N, M)."""
    from sklearn.linear_model import Ridge

    rows = np.asarray(features, np.float64)
    spread = float(rows.var(axis=0).mean()) * len(rows)
    model = Ridge(PENALTY * max(spread, np.finfo(float).tiny))
    return model.fit(rows, targets, sample_weight=weights)
