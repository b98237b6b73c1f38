"""Wrong numeric labels: residuals of out-of-sample predictions, and rows whose labels look swapped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.arrays import numbers
from labelworks.tasks.methods.regression.residuals import Residuals

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RegressionResult:
    """Suspicious numeric labels of N rows.

    score (N,) float32 in [0, 1], low = suspicious: the share of right labels with a residual as large;
    error_probability (N,) float32; flag (N,) bool; suggestion (N,) float32: the prediction, or the other
    row's label where swapped; swapped_with (N,) int64: the row whose label looks exchanged with this one's,
    -1 if none; noise_rate: the estimated share of wrong labels.
    """

    score: NDArray[np.float32]
    error_probability: NDArray[np.float32]
    flag: NDArray[np.bool_]
    suggestion: NDArray[np.float32]
    swapped_with: NDArray[np.int64]
    noise_rate: float


def detect_regression(
    labels: ArrayLike, predictions: ArrayLike, *, spread: ArrayLike | None = None, fdr: float = 0.1
) -> RegressionResult:
    """Find numeric labels far from what a model foretells, and pairs of rows whose labels look swapped.

    labels (N,); predictions (N,), out-of-sample; spread (N,), how far off the model says it may be, if it
    does. fdr: the share of right labels allowed among the flagged (Benjamini & Hochberg 1995); p-values are
    those of a Student t fitted to the middle of the residuals, which errors hardly move. Where many labels
    are wrong, a few pairs look swapped by chance.

    Raises InputError with the row's index for a value that is not finite or a spread that is not positive,
    ConfigError for an fdr outside (0, 1). Source: Zhou, Mueller, Kumar, Wang & Lei 2023.
    """
    check_fdr(fdr)
    y, predicted = _finite("label", labels), _finite("prediction", predictions)
    width = np.ones(len(y)) if spread is None else _finite("spread", spread)
    if not len(y) == len(predicted) == len(width):
        raise InputError(f"{len(y)} labels, {len(predicted)} predictions, {len(width)} spreads")
    if (width <= 0).any():
        raise InputError("spread is not positive", where=f"row {int((width <= 0).argmax())}")
    learned = Residuals.fit((y - predicted) / width, fdr)
    p_value = learned.p_value((y - predicted) / width)
    flag = p_value <= learned.threshold
    other = partners(flag, y, predicted, learned.limit * width)
    return RegressionResult(
        score=p_value.astype(np.float32),
        error_probability=learned.error_probability(p_value).astype(np.float32),
        flag=flag,
        suggestion=np.where(other >= 0, y[other], predicted).astype(np.float32),
        swapped_with=other,
        noise_rate=learned.rate,
    )


def check_fdr(fdr: float) -> None:
    """Raise ConfigError unless fdr is a share of right labels that may be among the flagged."""
    if not 0 < fdr < 1:
        raise ConfigError(f"fdr is {fdr}", where="detect_regression", fix="give a share between 0 and 1")


def _finite(what: str, values: ArrayLike) -> Floats:
    array = numbers(values, f"{what}s").astype(np.float64, copy=False)
    if array.ndim != 1 or not len(array):
        raise InputError(f"{what}s have the shape {array.shape}", fix="give (N,), at least one")
    odd = ~np.isfinite(array)
    if odd.any():
        raise InputError(f"a {what} is not finite", where=f"row {int(odd.argmax())}")
    return array


def partners(flag: NDArray[np.bool_], y: Floats, predicted: Floats, limit: Floats) -> NDArray[np.int64]:
    """Of each row (N,) the flagged one that its label looks exchanged with, -1 if none: see `swaps`."""
    other, suspects = np.full(len(y), -1), np.flatnonzero(flag)
    partner = swaps(y[suspects], predicted[suspects], limit[suspects])
    other[suspects[partner >= 0]] = suspects[partner[partner >= 0]]
    return other


def swaps(y: Floats, predicted: Floats, limit: Floats) -> NDArray[np.int64]:
    """Each suspect's partner (S,), -1 if none: each fits the other's label best, and within its limit."""
    partner = np.full(len(y), -1)
    if len(y) < 2:
        return partner
    nearest = cKDTree(np.column_stack([predicted, y])).query(np.column_stack([y, predicted]))[1]
    mutual = (nearest[nearest] == np.arange(len(y))) & (nearest != np.arange(len(y)))
    one, two = np.flatnonzero(mutual), nearest[mutual]
    fits = (np.abs(y[one] - predicted[two]) <= limit[two]) & (np.abs(y[two] - predicted[one]) <= limit[one])
    partner[one[fits]] = two[fits]
    return partner
