"""Efficient label shift adaptation: the moments whose inversion has the smallest variance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labelworks.tasks.methods.arrays import Floats
from labelworks.tasks.methods.label_shift.calibration import apply, calibrate
from labelworks.tasks.methods.label_shift.confusion import (
    Confusion,
    confusion,
    demand_inverse,
    efficient,
    prior_errors,
)
from labelworks.tasks.methods.label_shift.estimator import estimator
from labelworks.tasks.methods.label_shift.inputs import Windows
from labelworks.tasks.methods.label_shift.result import Calibration, PriorEstimate, finish, normal_interval

ROUNDS = 8
STILL = 1e-5


@dataclass(frozen=True)
class Moments:
    """Solved weights (K,), the sums they come from, and the inverse of the joint."""

    weights: Floats
    sums: Confusion
    inverse: Floats


@estimator("elsa", source="Tian 2023, on calibrated probabilities")
def elsa(windows: Windows) -> PriorEstimate:
    """Semiparametrically efficient moments; consistent even of probabilities that are not calibrated.

    Tian 2023 solves them on the probabilities as they are; here these are calibrated first (BCTS).
    """
    calibration = calibrate(windows, "bcts")
    ready = calibrated_windows(windows, calibration)
    solved = solve(ready)
    demand_inverse(ready, solved.sums)
    prior = solved.sums.prior * solved.weights
    interval = normal_interval(prior, prior_errors(ready, solved.sums, solved.weights, solved.inverse))
    return finish(windows, "elsa", prior, interval, solved.sums.prior, calibration=calibration)


def calibrated_windows(windows: Windows, calibration: Calibration) -> Windows:
    """The same windows with calibrated probabilities."""
    source, target = apply(calibration, windows.probs), apply(calibration, windows.target)
    return Windows(windows.labels, source, target, windows.transition)


def solve(windows: Windows, start: Floats | None = None, rounds: int = ROUNDS) -> Moments:
    """Weights of calibrated windows: solve the moments, refine the moments by the weights, again."""
    weights = np.ones(windows.classes) if start is None else start
    for _ in range(rounds):
        sums = confusion(windows, efficient(weights, len(windows.labels), len(windows.target)))
        inverse = sums.inverse()
        solved = inverse @ sums.mean
        moved = np.abs(np.maximum(solved, 0) - weights) @ np.abs(sums.prior)
        weights = np.maximum(solved, 0)
        if moved < STILL:
            break
    return Moments(solved, sums, inverse)
