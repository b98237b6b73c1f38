"""Black-box shift estimation: invert the confusion between predictions and labels."""

from __future__ import annotations

import numpy as np

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


@estimator("bbse-soft", source="Lipton 2018")
def bbse_soft(windows: Windows) -> PriorEstimate:
    """Invert the confusion of soft predictions."""
    return _invert(windows, "bbse-soft", soft)


@estimator("bbse-hard", source="Lipton 2018", features=hard)
def bbse_hard(windows: Windows) -> PriorEstimate:
    """Invert the confusion of the predicted classes."""
    return _invert(windows, "bbse-hard", hard)


def _invert(windows: Windows, name: str, features: Features) -> PriorEstimate:
    sums = confusion(windows, features)
    inverse = demand_inverse(windows, sums)
    weights = inverse @ sums.mean
    spread = np.sqrt(np.maximum(np.diag(covariance(windows, sums, weights, inverse)[1]), 0))
    prior = sums.prior * weights
    negative = int((prior < 0).sum())
    notes = (f"{negative} negative shares were set to 0",) if negative else ()
    return finish(windows, name, prior, normal_interval(prior, spread), sums.prior, notes=notes)
