"""Wrong numeric labels: residuals of out-of-sample predictions, and rows whose labels look swapped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.arrays import numbers
from labelworks.tasks.methods.regression.outliers import Outliers
from labelworks.tasks.methods.regression.pairs import ExchangedPairs

NEVER = 2.0  # a probability that no row has
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RegressionResult:
    """Suspicious numeric labels of N rows.

    score (N,) float32 in [0, 1], low = suspicious: the share of right labels with a residual as large;
    error_probability (N,) float32, 0 where no wrong labels are believed in; flag (N,) bool; suggestion (N,)
    float32: the prediction, or the other row's label where swapped; swapped_with (N,) int64: the row whose
    label was likelier than not exchanged with this one's, -1 if none; swap_probability (N,) float32: of that;
    noise_rate: the estimated share of wrong labels.
    """

    score: NDArray[np.float32]
    error_probability: NDArray[np.float32]
    flag: NDArray[np.bool_]
    suggestion: NDArray[np.float32]
    swapped_with: NDArray[np.int64]
    swap_probability: NDArray[np.float32]
    noise_rate: float


def detect_regression(
    labels: ArrayLike, predictions: ArrayLike, *, spread: ArrayLike | None = None, fdr: float = 0.1
) -> RegressionResult:
    """Find numeric labels far from what a model foretells, and pairs of rows whose labels look swapped.

    labels (N,); predictions (N,), out-of-sample; spread (N,), how far off the model says it may be, if it
    does. fdr: the share of right labels allowed among the flagged, by what is claimed of them. Labels are
    noise around their prediction, or another row's, or far from all; where the likelihood of the latter is no
    larger than heavy-tailed or skewed noise explains, nothing is flagged: see `Outliers`, `ExchangedPairs`.

    Raises InputError with the row's index for a value that is not finite or a spread that is not positive,
    ConfigError for an fdr outside (0, 1). Sources: Lawrence & Schölkopf 2001; the scores, Zhou, Mueller,
    Kumar, Wang & Lei 2023.
    """
    check_fdr(fdr)
    y, predicted = _finite("label", labels), _finite("prediction", predictions)
    width = np.ones(len(y)) if spread is None else _finite("spread", spread)
    if not len(y) == len(predicted) == len(width):
        raise InputError(f"{len(y)} labels, {len(predicted)} predictions, {len(width)} spreads")
    if (width <= 0).any():
        raise InputError("spread is not positive", where=f"row {int((width <= 0).argmax())}")
    learned = Outliers.fit(y, predicted, width)
    error = learned.error_probability(y, predicted, width)
    flag = error >= threshold(error, fdr)
    other, sure = partners(flag, y, *learned.usual(predicted, width), error)
    return RegressionResult(
        score=learned.p_value(y, predicted, width).astype(np.float32),
        error_probability=error.astype(np.float32),
        flag=flag,
        suggestion=np.where(other >= 0, y[other], predicted).astype(np.float32),
        swapped_with=other,
        swap_probability=sure.astype(np.float32),
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


def threshold(error: Floats, fdr: float) -> float:
    """From which P(wrong) on rows are flagged: the most whose mean is 1 - fdr, none likelier right."""
    falling = np.sort(error[error > 0.5])[::-1]
    kept = np.flatnonzero(np.cumsum(falling) >= (1 - fdr) * np.arange(1, len(falling) + 1))
    return float(falling[kept[-1]]) if len(kept) else NEVER


def partners(
    flag: NDArray[np.bool_], given: Floats, low: Floats, high: Floats, error: Floats
) -> tuple[NDArray[np.int64], Floats]:
    """Of each row (N,) the flagged one that its label was likely exchanged with, -1 if none; P(it was)."""
    suspects = np.flatnonzero(flag)
    pairs = ExchangedPairs.find(*(values[suspects] for values in (given, low, high, error)))
    other, sure = np.full(len(given), -1), np.zeros(len(given))
    likely = pairs.probability > 0.5
    other[suspects[likely]], sure[suspects] = suspects[pairs.other[likely]], pairs.probability * likely
    return other, sure
