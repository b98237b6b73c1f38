"""Calibration of probabilities on labelled rows: temperature, bias-corrected temperature, vector scaling.

The scale is fitted as its logarithm: a raw temperature with a bound at 0 gets stuck at 1 on classifiers of
many classes. The gradient is checked, a ridge penalty is chosen by cross-validation, and where nothing lowers
the held-out NLL the probabilities stay as they came, aloud. Source: Guo 2017, Alexandari et al. 2020.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.arrays import Floats, Matrix, blocks, sample
from labelworks.tasks.methods.label_shift.calibration_newton import Family, fit, nll, softmax
from labelworks.tasks.methods.label_shift.inputs import Windows, log_probs
from labelworks.tasks.methods.label_shift.result import Calibration

log = logging.getLogger("labelworks")

RIDGES = (1.0, 1e-1, 1e-2, 1e-3, 1e-4)
FOLDS = 3
FIT_ELEMENTS = 4_000_000


@dataclass(frozen=True)
class CalibrationRows:
    """Rows to calibrate on: log-probabilities (N, K), given labels (N,), noise transition or None."""

    logs: Matrix
    labels: NDArray[np.int64]
    transition: Floats | None


def calibrate(windows: Windows, kind: str) -> Calibration:
    """Fit `kind` (temperature, bcts, vector) on the labelled window, the ridge chosen by held-out NLL.

    Under a noise transition the likelihood is that of the given labels, the calibrated probabilities those of
    the true ones; whether the transition is undone in the probabilities first is chosen likewise.
    """
    rows = sample(len(windows.labels), max(FIT_ELEMENTS // windows.classes, 1))
    family = Family(windows.classes, vector=kind == "vector", bias=kind != "temperature")
    data = CalibrationRows(log_probs(windows.probs[rows]), windows.labels[rows], windows.transition)
    before, undo = nll(family, family.start(), data.logs, data.labels, data.transition), None
    ridge, after = _choose(family, data)
    if windows.transition is not None:
        inverse = np.asarray(np.linalg.pinv(windows.transition), dtype=np.float64)
        undone = CalibrationRows(log_probs(windows.probs[rows], inverse), data.labels, data.transition)
        undone_ridge, undone_after = _choose(family, undone)
        if undone_after < after:
            data, ridge, after, undo = undone, undone_ridge, undone_after, inverse
    if not after < before:
        return _fall_back(kind, family, before, f"held-out NLL {after:.4f} is not below {before:.4f}")
    best = fit(family, data.logs, data.labels, data.transition, ridge)
    if not best.converged:
        return _fall_back(kind, family, before, f"the gradient stopped at {best.gradient:.1e}")
    scale, bias = family.unpack(best.theta)
    return Calibration(kind, scale, bias, ridge, before, after, best.gradient, fell_back=False, undo=undo)


def apply(calibration: Calibration, probs: NDArray[np.floating]) -> Matrix:
    """Calibrated probabilities, (N, K) float32."""
    return calibrated(calibration, probs)[0]


def calibrated(calibration: Calibration, probs: NDArray[np.floating]) -> tuple[Matrix, Matrix]:
    """Calibrated probabilities and their logits before the bias, both (N, K) float32."""
    return softmax(log_probs(probs, calibration.undo), calibration.scale, calibration.bias)


def mean_posterior(calibration: Calibration, probs: NDArray[np.floating]) -> Floats:
    """Mean of the calibrated probabilities over all rows, (K,)."""
    total = np.zeros(probs.shape[1])
    for part in blocks(*probs.shape):
        total += apply(calibration, probs[part]).sum(axis=0, dtype=np.float64)
    return total / len(probs)


def _choose(family: Family, data: CalibrationRows) -> tuple[float, float]:
    """The ridge of the lowest cross-validated NLL, and that NLL; weaker ones are tried while it falls."""
    if len(data.labels) < 2 * FOLDS:
        return RIDGES[0], np.inf
    fold = np.random.default_rng(0).permutation(len(data.labels)) % FOLDS
    starts: list[Floats] = [family.start()] * FOLDS
    best, least = RIDGES[0], np.inf
    for ridge in RIDGES if family.size > 1 else (0.0,):
        score = 0.0
        for held in range(FOLDS):
            fitted, lost = _held_out(family, data, fold == held, ridge, starts[held])
            starts[held] = fitted
            score += lost / len(fold)
        if score >= least:
            break
        best, least = ridge, score
    return best, least


def _held_out(
    family: Family, data: CalibrationRows, held: NDArray[np.bool_], ridge: float, start: Floats
) -> tuple[Floats, float]:
    """Parameters fitted without the held-out rows, and the summed NLL of these."""
    train = ~held
    fitted = fit(family, data.logs[train], data.labels[train], data.transition, ridge, start)
    mean = nll(family, fitted.theta, data.logs[held], data.labels[held], data.transition)
    return fitted.theta, mean * float(held.sum())


def _fall_back(kind: str, family: Family, nll_before: float, why: str) -> Calibration:
    log.warning("calibration by %s was dropped, the probabilities are used as they came: %s", kind, why)
    scale, bias = family.unpack(family.start())
    return Calibration("none", scale, bias, 0.0, nll_before, nll_before, 0.0, fell_back=True, note=why)
