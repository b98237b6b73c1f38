"""Adjusted counts: the mixture of class-conditional predictions that comes closest to the target's."""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls

from labelworks.tasks.methods.label_shift.confusion import (
    Features,
    confusion,
    covariance,
    demand_inverse,
    hard,
    soft,
)
from labelworks.tasks.methods.label_shift.estimator import estimator
from labelworks.tasks.methods.label_shift.inputs import Windows
from labelworks.tasks.methods.label_shift.result import PriorEstimate, finish, normal_interval


@estimator("acc", source="Forman 2008", features=hard)
def acc(windows: Windows) -> PriorEstimate:
    """Adjusted classify and count: shares on the simplex that explain the predicted classes."""
    return _adjust(windows, "acc", hard)


@estimator("pacc", source="Bella 2010")
def pacc(windows: Windows) -> PriorEstimate:
    """Probabilistic adjusted classify and count: the same on mean probabilities."""
    return _adjust(windows, "pacc", soft)


def _adjust(windows: Windows, name: str, features: Features) -> PriorEstimate:
    sums = confusion(windows, features)
    inverse = demand_inverse(windows, sums)
    rates = np.divide(sums.joint, sums.prior, out=np.zeros_like(sums.joint), where=sums.prior > 0)
    sure = 1e3 * np.ones((1, windows.classes))  # the shares sum to 1
    prior = np.asarray(nnls(np.vstack([rates, sure]), np.append(sums.mean, 1e3))[0])
    weights = np.divide(prior, sums.prior, out=np.zeros_like(prior), where=sums.prior > 0)
    spread = np.sqrt(np.maximum(np.diag(covariance(windows, sums, weights, inverse)[1]), 0))
    return finish(windows, name, prior, normal_interval(prior, spread), sums.prior)
