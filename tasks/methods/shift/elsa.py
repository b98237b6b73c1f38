"""Efficient label shift adaptation: the moments whose inversion has the smallest variance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.methods import registry
from tasks.methods.shift.calibration import apply, calibrate
from tasks.methods.shift.confusion import Confusion, Features, confusion, covariance
from tasks.methods.shift.inputs import FLOOR, Floats, Matrix, Windows
from tasks.methods.shift.result import Calibration, PriorEstimate, finish, normal_interval

ROUNDS = 8
STILL = 1e-5


@dataclass(frozen=True)
class Moments:
    """Solved weights (K,), the sums they come from, the inverse of the joint, and what went wrong."""

    weights: Floats
    sums: Confusion
    inverse: Floats
    notes: tuple[str, ...]


@registry.register(
    "shift",
    "elsa",
    needs=("labels", "probs", "target_probs"),
    source="Tian 2023, on calibrated probabilities",
)
def elsa(windows: Windows) -> PriorEstimate:
    """Semiparametrically efficient moments; consistent even of probabilities that are not calibrated.

    Tian 2023 solves them on the probabilities as they are; here these are calibrated first (BCTS).
    """
    calibration = calibrate(windows, "bcts")
    ready = calibrated_windows(windows, calibration)
    found = solve(ready)
    _, of_prior = covariance(ready, found.sums, found.weights, found.inverse)
    prior = found.sums.prior * found.weights
    interval = normal_interval(prior, np.sqrt(np.maximum(np.diag(of_prior), 0)))
    return finish(
        windows, "elsa", prior, interval, found.sums.prior, calibration=calibration, notes=found.notes
    )


def calibrated_windows(windows: Windows, calibration: Calibration) -> Windows:
    """The same windows with calibrated probabilities."""
    source, target = apply(calibration, windows.probs), apply(calibration, windows.target)
    return Windows(windows.labels, source, target, windows.transition)


def solve(windows: Windows, start: Floats | None = None, rounds: int = ROUNDS) -> Moments:
    """Weights of calibrated windows: solve the moments, refine the moments by the weights, again."""
    weights = np.ones(windows.classes) if start is None else start
    for _ in range(rounds):
        sums = confusion(windows, efficient(weights, len(windows.labels), len(windows.target)))
        inverse, notes = sums.inverse()
        solved = inverse @ sums.mean
        moved = np.abs(np.maximum(solved, 0) - weights) @ np.abs(sums.prior)
        weights = np.maximum(solved, 0)
        if moved < STILL:
            break
    return Moments(solved, sums, inverse, notes)


def efficient(weights: Floats, source_rows: int, target_rows: int) -> Features:
    """Probabilities over the variance that a row's moment has in both windows (Tian 2023, theorem 2)."""
    bounded = np.maximum(weights, 1e-3)
    total = 1 / source_rows + 1 / target_rows
    mix = (bounded**2 / source_rows + bounded / target_rows) / total
    narrow = mix.astype(np.float32)

    def features(probs: NDArray[np.floating]) -> Matrix:
        return np.asarray(probs / np.maximum(probs @ narrow, np.float32(FLOOR))[:, None])

    return features
