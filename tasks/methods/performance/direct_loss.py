"""Direct loss estimation: the error of a regression model on rows without labels, learned from those with.

A second model learns the loss of a row from its features and its prediction; on labelled rows out of sample
it shows how far off it is, and that is put right. It holds where the error depends on the features as it did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.arrays import Floats, numbers, refuse_infinite
from labelworks.tasks.methods.label_shift.result import QUANTILE
from labelworks.tasks.methods.performance.estimated_confusion import enough
from labelworks.tasks.methods.performance.figures import Bounded

FOLDS = 5
LEAST = 50  # labelled rows


@dataclass(frozen=True, eq=False)
class EstimatedLoss:
    """Of a regression model on a window of M rows: mean absolute error, mean squared error and its root."""

    mae: Bounded
    mse: Bounded
    rmse: Bounded
    rows: int


@registry.register(
    "performance",
    "direct-loss",
    needs=("labels", "predictions", "target_predictions", "features", "target_features"),
    source="NannyML's direct loss estimation; Zrnic & Candès 2024",
)
def direct_loss(
    labels: ArrayLike,
    predictions: ArrayLike,
    target_predictions: ArrayLike,
    features: ArrayLike,
    target_features: ArrayLike,
) -> EstimatedLoss:
    """Estimate the errors of a model that predicts numbers.

    labels, predictions (N,) of labelled rows that it was not trained on, target_predictions (M,); features
    (N, D) and (M, D). Raises InputError where shapes don't fit, something is not finite, or rows are too few.
    """
    right, own, theirs = (
        _column(values, name)
        for values, name in ((labels, "labels"), (predictions, "predictions"),
                             (target_predictions, "target_predictions"))
    )  # fmt: skip
    first = _rows(features, own, "features")
    second = _rows(target_features, theirs, "target_features")
    if len(right) != len(own) or first.shape[1] != second.shape[1]:
        raise InputError("labels, predictions and features don't fit", where="labels", fix="a row of each")
    if len(right) < LEAST:
        raise InputError(f"there are {len(right)} labelled rows", where="labels", fix=f"give {LEAST} or more")
    enough(len(theirs))
    off = np.abs(right - own)
    mae, mse = _estimated(off, first, second), _estimated(off**2, first, second)
    rmse = Bounded(*(float(np.sqrt(max(square, 0.0))) for square in (mse.value, mse.low, mse.high)))
    return EstimatedLoss(mae, mse, rmse, len(theirs))


def _estimated(loss: Floats, own: Floats, theirs: Floats) -> Bounded:
    """Mean loss of the target's rows, and the interval of what their labels would show."""
    fold = np.random.default_rng(0).permutation(len(loss)) % FOLDS
    foretold, target = np.empty(len(loss)), np.zeros(len(theirs))
    for held in range(FOLDS):
        rows = fold == held
        model = _fitted(own[~rows], loss[~rows])
        foretold[rows] = model.predict(own[rows])
        target += model.predict(theirs) / FOLDS
    missed = loss - foretold
    value = float(target.mean() + missed.mean())
    chance = float(np.sqrt(_spread(missed, own, theirs) / len(theirs) + missed.var() / len(loss)))
    return Bounded(max(value, 0.0), max(value - QUANTILE * chance, 0.0), max(value, 0.0) + QUANTILE * chance)


def _spread(missed: Floats, own: Floats, theirs: Floats) -> float:
    """Mean square of what the model misses on the target's rows: some rows are harder, and may be more."""
    variance = _fitted(own, missed**2).predict(theirs)
    return float(np.maximum(variance, 0.0).mean())


def _fitted(features: Floats, loss: Floats) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(
        max_iter=40, learning_rate=0.1, min_samples_leaf=20, l2_regularization=1.0, random_state=0
    ).fit(features, loss)


def _column(values: ArrayLike, name: str) -> Floats:
    column = numbers(values, name).astype(np.float64)
    if column.ndim != 1 or not np.isfinite(column).all():
        raise InputError(f"{name} are no finite numbers, one a row", where=name, fix="give (n,)")
    return np.asarray(column)


def _rows(values: ArrayLike, predictions: Floats, name: str) -> Floats:
    """Features (n, D) and, as one more, the prediction."""
    rows: NDArray[Any] = numbers(values, name)
    rows = rows[:, None] if rows.ndim == 1 else rows
    if rows.ndim != 2 or len(rows) != len(predictions):
        raise InputError(f"{name} has shape {rows.shape}", where=name, fix="give (n, D), a row each")
    refuse_infinite(rows.astype(np.float64), name)
    return np.column_stack([rows, predictions]).astype(np.float64)
