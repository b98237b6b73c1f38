"""Wrong numeric labels: residuals of out-of-sample predictions, and rows whose labels look swapped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import isotonic_regression
from scipy.spatial import cKDTree
from scipy.stats import false_discovery_control, t

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.arrays import numbers
from labelworks.tasks.methods.registry import register

DEGREES = np.array([2.0, 2.5, 3, 4, 5, 7, 10, 15, 30, 1000])  # of freedom: from heavy tails to normal
ROUNDS = 5
USUAL = 0.05  # p-value from which a residual is nothing special
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


@register("tasks", "regression", needs=("predictions",), source="Zhou et al. 2023")
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
    if not 0 < fdr < 1:
        raise ConfigError(f"fdr is {fdr}", where="detect_regression", fix="give a share between 0 and 1")
    y, predicted = _finite("label", labels), _finite("prediction", predictions)
    width = np.ones(len(y)) if spread is None else _finite("spread", spread)
    if not len(y) == len(predicted) == len(width):
        raise InputError(f"{len(y)} labels, {len(predicted)} predictions, {len(width)} spreads")
    if (width <= 0).any():
        raise InputError("spread is not positive", where=f"row {int((width <= 0).argmax())}")
    p_value, limit, rate = _p_values((y - predicted) / width)
    flag = false_discovery_control(p_value) <= fdr
    other = _swaps(y, predicted, limit * width, np.flatnonzero(flag))
    return RegressionResult(
        score=p_value.astype(np.float32),
        error_probability=_error_probability(p_value, rate).astype(np.float32),
        flag=flag,
        suggestion=np.where(other >= 0, y[other], predicted).astype(np.float32),
        swapped_with=other,
        noise_rate=rate,
    )


def _finite(what: str, values: ArrayLike) -> Floats:
    array = numbers(values, f"{what}s").astype(np.float64, copy=False)
    if array.ndim != 1 or not len(array):
        raise InputError(f"{what}s have the shape {array.shape}", fix="give (N,), at least one")
    odd = ~np.isfinite(array)
    if odd.any():
        raise InputError(f"a {what} is not finite", where=f"row {int(odd.argmax())}")
    return array


def _p_values(residuals: Floats) -> tuple[Floats, float, float]:
    """Return two-sided p-values (N,), how far from the centre is still usual, and the share of wrong labels.

    The median and the 80 % quantile of the right rows' absolute residuals tell scale and heaviness of tails.
    The wrong rows are taken for the largest residuals: so many are left out as exceed what is usual, and
    scale and share are found in turn.
    """
    off = np.abs(residuals - np.median(residuals))
    p_value, limit, rate = np.where(off > 0, 0.0, 1.0), 0.0, 0.0
    for _ in range(ROUNDS):
        middle, upper = np.quantile(off, [0.5 * (1 - rate), 0.8 * (1 - rate)])
        if middle == 0:
            return p_value, 0.0, float((off > 0).mean())
        ratios = t.ppf(0.9, DEGREES) / t.ppf(0.75, DEGREES)
        degrees = float(DEGREES[np.abs(ratios - upper / middle).argmin()])
        scale = middle / t.ppf(0.75, degrees)
        p_value, limit = 2 * t.sf(off / scale, degrees), scale * t.isf(USUAL / 2, degrees)
        rate = max(0.0, float((p_value < USUAL).mean()) - USUAL) / (1 - USUAL)
    return p_value, float(limit), rate


def _error_probability(p_value: Floats, rate: float) -> Floats:
    """Return one less the local false discovery rate (Efron 2001), its density Grenander's decreasing one."""
    value, place, count = np.unique(p_value, return_inverse=True, return_counts=True)
    gap = np.maximum(np.diff(value, prepend=0.0), 1e-12)
    density = np.asarray(isotonic_regression(count / len(p_value) / gap, weights=gap, increasing=False).x)
    return np.asarray(np.clip(1 - (1 - rate) / np.maximum(density, 1e-12), 0, 1)[place])


def _swaps(y: Floats, predicted: Floats, limit: Floats, suspects: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return each row's partner (N,): of all suspects each would fit the other's label best, and well."""
    partner = np.full(len(y), -1)
    if len(suspects) < 2:
        return partner
    mine, theirs = y[suspects], predicted[suspects]
    found = cKDTree(np.column_stack([theirs, mine])).query(np.column_stack([mine, theirs]))[1]
    mutual = (found[found] == np.arange(len(found))) & (found != np.arange(len(found)))
    one, two = suspects[mutual], suspects[found[mutual]]
    fits = (np.abs(y[one] - predicted[two]) <= limit[two]) & (np.abs(y[two] - predicted[one]) <= limit[one])
    partner[one[fits]] = two[fits]
    return partner
