"""Multinomial logistic regression: the model that raw and treated labels are compared by."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.registry import register

Predict = Callable[[NDArray[np.floating]], NDArray[np.int64]]
ITERATIONS = 1000
TOLERANCE = 1e-3
PENALTY = 0.1  # sklearn's C on features of unit variance: much weaker, and raw labels are learnt by heart


@register("models", "multinomial", needs=("features", "weight"), source="Cox 1958")
def multinomial(
    features: NDArray[np.floating], labels: NDArray[np.integer], weight: NDArray[np.floating] | None
) -> Predict:
    """Fit on rows (N, D), labels (N,), weights (N,) or None; return what predicts labels of other rows."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(
        StandardScaler(with_std=False), LogisticRegression(C=PENALTY, tol=TOLERANCE, max_iter=ITERATIONS)
    )
    features = np.asarray(features, dtype=np.float32)
    scale = np.sqrt(np.mean(np.var(features, axis=0, dtype=np.float64))) or 1.0
    model.fit(features / scale, labels, logisticregression__sample_weight=weight)

    def predict(rows: NDArray[np.floating]) -> NDArray[np.int64]:
        return np.asarray(model.predict(np.asarray(rows, dtype=np.float32) / scale), dtype=np.int64)

    return predict
