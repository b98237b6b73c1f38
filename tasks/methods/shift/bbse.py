"""Black-box shift estimation: invert the confusion between predictions and labels."""

from __future__ import annotations

import numpy as np

from tasks.methods import registry
from tasks.methods.shift.confusion import Features, confusion, covariance, hard, soft
from tasks.methods.shift.inputs import Windows
from tasks.methods.shift.result import PriorEstimate, finish, normal_interval


@registry.register("shift", "bbse-soft", needs=("labels", "probs", "target_probs"), source="Lipton 2018")
def bbse_soft(windows: Windows) -> PriorEstimate:
    """Invert the confusion of soft predictions."""
    return _invert(windows, "bbse-soft", soft)


@registry.register("shift", "bbse-hard", needs=("labels", "probs", "target_probs"), source="Lipton 2018")
def bbse_hard(windows: Windows) -> PriorEstimate:
    """Invert the confusion of the predicted classes."""
    return _invert(windows, "bbse-hard", hard)


def _invert(windows: Windows, name: str, features: Features) -> PriorEstimate:
    sums = confusion(windows, features)
    inverse, notes = sums.inverse()
    weights = inverse @ sums.mean
    spread = np.sqrt(np.maximum(np.diag(covariance(windows, sums, weights, inverse)[1]), 0))
    prior = sums.prior * weights
    if (prior < 0).any():
        notes += (f"{int((prior < 0).sum())} negative shares were set to 0",)
    return finish(windows, name, prior, normal_interval(prior, spread), sums.prior, notes=notes)
