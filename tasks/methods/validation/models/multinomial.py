"""Multinomial logistic regression: the model that raw and treated labels are compared by."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.registry import register

Predict = Callable[[NDArray[np.floating]], NDArray[np.float32]]
ITERATIONS = 1000
TOLERANCE = 1e-3
PENALTY = 0.1  # sklearn's C on features of unit variance: much weaker, and raw labels are learnt by heart


@register("models", "multinomial", needs=("features", "weight"), source="Cox 1958")
def multinomial(
    features: NDArray[np.floating],
    labels: NDArray[np.integer],
    weight: NDArray[np.floating] | None,
    classes: int,
) -> Predict:
    """Fit on rows (N, D), labels (N,), weights (N,) or None; return what gives other rows' probabilities.

    These are (M, classes), 0 of a class that no row is of.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    present = np.unique(labels)
    model = make_pipeline(
        StandardScaler(with_std=False), LogisticRegression(C=PENALTY, tol=TOLERANCE, max_iter=ITERATIONS)
    )
    features = np.asarray(features, dtype=np.float32)
    scale = np.sqrt(np.mean(np.var(features, axis=0, dtype=np.float64))) or 1.0
    if len(present) > 1:
        model.fit(features / scale, labels, logisticregression__sample_weight=weight)

    def predict(rows: NDArray[np.floating]) -> NDArray[np.float32]:
        probs = np.zeros((len(rows), classes), np.float32)
        scaled = np.asarray(rows, dtype=np.float32) / scale
        probs[:, present] = model.predict_proba(scaled) if len(present) > 1 else 1
        return probs

    return predict
