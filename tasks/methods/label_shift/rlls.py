"""Regularised learning under label shift: the confusion inverted with a pull towards no shift."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from labelworks.tasks.methods.arrays import Floats
from labelworks.tasks.methods.label_shift.confusion import (
    SINGULAR_SAID,
    Confusion,
    IllPosed,
    confusion,
    prior_errors,
    soft,
)
from labelworks.tasks.methods.label_shift.estimator import estimator
from labelworks.tasks.methods.label_shift.inputs import Windows
from labelworks.tasks.methods.label_shift.result import PriorEstimate, finish, normal_interval

CONFIDENCE = 0.05
RELAXED = 0.01  # of the bound on the confusion's error, which is far too wide as it is


@estimator("rlls", source="Azizzadenesheli 2019")
def rlls(windows: Windows) -> PriorEstimate:
    """Least squares on the confusion with a penalty on the distance from weights of 1."""
    sums = confusion(windows, soft)
    if sums.singular:
        raise IllPosed(SINGULAR_SAID)
    weights, inverse = _solve(sums, _bound(windows.classes, len(windows.labels)))
    prior, plain = sums.prior * weights, sums.inverse()
    ends = [
        _interval(windows, sums, *weighting) for weighting in ((weights, inverse), (plain @ sums.mean, plain))
    ]
    low, high = (way(*(end[:, side] for end in ends)) for side, way in enumerate((np.minimum, np.maximum)))
    return finish(windows, "rlls", prior, np.stack([low, high], axis=1), sums.prior)


def _interval(windows: Windows, sums: Confusion, weights: Floats, inverse: Floats) -> Floats:
    """Of weights with the pull, and of those without: its own spread can't tell how wrong it is."""
    return normal_interval(sums.prior * weights, prior_errors(windows, sums, weights, inverse))


def _bound(classes: int, rows: int) -> float:
    """Bound on the spectral error of the confusion (the paper's lemma 1), relaxed."""
    log = np.log(2 * classes / CONFIDENCE)
    return float(RELAXED * 3 * (2 * log / (3 * rows) + np.sqrt(2 * log / rows)))


def _solve(sums: Confusion, bound: float) -> tuple[Floats, Floats]:
    """Minimise |joint θ − b| + bound · |θ|, weights = 1 + θ; and the matrix that takes b to θ.

    The minimiser of the sum of norms is a ridge solution, its penalty bound · |residual| / |θ|: one root.
    """
    ones = np.ones(len(sums.mean))
    b = sums.mean - sums.joint @ ones
    left, values, right = np.linalg.svd(sums.joint)
    rotated = left.T @ b

    def excess(log_ridge: float) -> float:
        ridge = np.exp(log_ridge)
        theta = values * rotated / (values**2 + ridge)
        residual = ridge * rotated / (values**2 + ridge)
        return float(np.log(ridge) - np.log(bound * np.linalg.norm(residual) / np.linalg.norm(theta)))

    low, high = np.log(1e-14), np.log(1e3 * float(values[0]) ** 2 + 1e-12)
    if np.linalg.norm(b) < 1e-12 or excess(high) < 0:
        return ones, np.zeros_like(sums.joint)
    ridge = np.exp(brentq(excess, low, high)) if excess(low) < 0 else 1e-14
    inverse = np.asarray((right.T * (values / (values**2 + ridge))) @ left.T)
    return ones + inverse @ b, inverse
