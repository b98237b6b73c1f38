"""Expectation maximisation of the target's prior on calibrated probabilities."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from labelworks.tasks.methods.arrays import Floats, Matrix, blocks
from labelworks.tasks.methods.label_shift.calibration import apply, calibrate, mean_posterior
from labelworks.tasks.methods.label_shift.estimator import estimator
from labelworks.tasks.methods.label_shift.inputs import Windows
from labelworks.tasks.methods.label_shift.intervals import likelihood_interval
from labelworks.tasks.methods.label_shift.mixture import maximise
from labelworks.tasks.methods.label_shift.result import Calibration, PriorEstimate, finish


@estimator("em-bcts", source="Saerens 2002, Alexandari 2020")
def em_bcts(windows: Windows) -> PriorEstimate:
    """EM on probabilities calibrated by bias-corrected temperature."""
    return expectation_maximisation(windows, "em-bcts", "bcts")


@estimator("em-vector", source="Saerens 2002, Alexandari 2020")
def em_vector(windows: Windows) -> PriorEstimate:
    """EM on probabilities calibrated by vector scaling."""
    return expectation_maximisation(windows, "em-vector", "vector")


def expectation_maximisation(
    windows: Windows, name: str, kind: str, calibration: Calibration | None = None
) -> PriorEstimate:
    """Calibrate on the source, divide by the source prior, maximise the target's likelihood.

    calibration: of the same labelled window, where it was fitted before.
    """
    calibration = calibration or calibrate(windows, kind)
    source = mean_posterior(calibration, windows.probs)
    source = np.where(windows.absent, 0.0, source) / source[~windows.absent].sum()
    ratio = likelihood_ratio(calibration, source, windows)
    mixture = maximise(ratio, source)
    interval, errors = likelihood_interval(windows, calibration, source, ratio, mixture.weights)
    estimate = finish(
        windows, name, mixture.weights, interval, source, calibration=calibration, notes=mixture.notes
    )
    return replace(estimate, covariance=errors)


def likelihood_ratio(calibration: Calibration, source: Floats, windows: Windows) -> Matrix:
    """p(x | y) of the target's rows up to a factor per row, (M, K); 0 where the source has no such class."""
    inverse = np.divide(1.0, source, out=np.zeros_like(source), where=source > 0).astype(np.float32)
    ratio = np.empty(windows.target.shape, dtype=np.float32)
    for part in blocks(*windows.target.shape):
        ratio[part] = apply(calibration, windows.target[part]) * inverse
    return ratio
