"""The confusion between predictions and labels, inverted: by itself, or by shares on the simplex."""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls

from labelworks.tasks.methods.arrays import Floats
from labelworks.tasks.methods.label_shift.confusion import (
    Confusion,
    Features,
    confusion,
    demand_inverse,
    hard,
    prior_errors,
    soft,
)
from labelworks.tasks.methods.label_shift.estimator import estimator
from labelworks.tasks.methods.label_shift.inputs import Windows
from labelworks.tasks.methods.label_shift.result import PriorEstimate, finish, normal_interval

SURE = 1e3  # weight of the shares' sum beside the equations of the features


@estimator("bbse-soft", source="Lipton 2018")
def bbse_soft(windows: Windows) -> PriorEstimate:
    """Black-box shift estimation: invert the confusion of soft predictions."""
    return _solved(windows, "bbse-soft", soft, on_simplex=False)


@estimator("bbse-hard", source="Lipton 2018", features=hard)
def bbse_hard(windows: Windows) -> PriorEstimate:
    """Black-box shift estimation: invert the confusion of the predicted classes."""
    return _solved(windows, "bbse-hard", hard, on_simplex=False)


@estimator("acc", source="Forman 2008", features=hard)
def acc(windows: Windows) -> PriorEstimate:
    """Adjusted classify and count: shares on the simplex that explain the predicted classes."""
    return _solved(windows, "acc", hard, on_simplex=True)


@estimator("pacc", source="Bella 2010")
def pacc(windows: Windows) -> PriorEstimate:
    """Probabilistic adjusted classify and count: the same on mean probabilities."""
    return _solved(windows, "pacc", soft, on_simplex=True)


def _solved(windows: Windows, name: str, features: Features, *, on_simplex: bool) -> PriorEstimate:
    sums = confusion(windows, features)
    inverse = demand_inverse(windows, sums)
    if on_simplex:
        prior = _simplex_shares(sums)
        weights = np.divide(prior, sums.prior, out=np.zeros_like(prior), where=sums.prior > 0)
    else:
        weights = inverse @ sums.mean
        prior = sums.prior * weights
    negative = int((prior < 0).sum())
    notes = (f"{negative} negative shares were set to 0",) if negative else ()
    interval = normal_interval(prior, prior_errors(windows, sums, weights, inverse))
    return finish(windows, name, prior, interval, sums.prior, notes=notes)


def _simplex_shares(sums: Confusion) -> Floats:
    """The shares (K,) whose mixture of class-conditional features comes closest to the target's."""
    rates = np.divide(sums.joint, sums.prior, out=np.zeros_like(sums.joint), where=sums.prior > 0)
    sure = SURE * np.ones((1, len(sums.prior)))  # the shares sum to 1
    return np.asarray(nnls(np.vstack([rates, sure]), np.append(sums.mean, SURE))[0])
