"""What the methods of distribution shift give back: small, frozen, without rows."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np

from labelworks.tasks.methods.arrays import Floats
from labelworks.tasks.methods.label_shift.inputs import Windows

log = logging.getLogger("labelworks")

QUANTILE = 1.959964  # of the normal distribution, 97.5 %


@dataclass(frozen=True)
class Calibration:
    """How probabilities were calibrated on the labelled window, and whether that helped.

    `scale` (K,) and `bias` (K,): calibrated = softmax(scale · log p + bias). The NLL is cross-validated:
    before, of the probabilities as they came; after, of the calibrated ones. `undo` (K, K): inverse of the
    noise transition, where the probabilities were multiplied by it first.
    """

    kind: str
    scale: Floats
    bias: Floats
    ridge: float
    nll_before: float
    nll_after: float
    gradient: float
    fell_back: bool
    note: str = ""
    undo: Floats | None = None

    @property
    def temperature(self) -> float:
        """Geometric mean over the classes of 1 / scale."""
        return float(np.exp(-np.mean(np.log(self.scale))))


@dataclass(frozen=True)
class PriorEstimate:
    """Class shares of a target window.

    `prior` (K,) sums to 1; `weights` (K,) = prior / source prior, 0 where the source has none of a class;
    `interval` (K, 2) at 95 %; `source_prior` (K,); `notes`: every fallback taken, in words; `covariance`
    (K, K) of the prior's errors, None where the method doesn't tell it.
    """

    prior: Floats
    weights: Floats
    interval: Floats
    method: str
    source_prior: Floats
    calibration: Calibration | None = None
    notes: tuple[str, ...] = ()
    covariance: Floats | None = None


def finish(
    windows: Windows,
    method: str,
    prior: Floats,
    interval: Floats,
    source_prior: Floats,
    *,
    calibration: Calibration | None = None,
    notes: tuple[str, ...] = (),
) -> PriorEstimate:
    """Put an estimate on the simplex, derive its weights, and say what had to be given up."""
    prior = np.where(np.isfinite(prior), np.maximum(prior, 0.0), 0.0)
    source_prior = np.maximum(source_prior, 0.0) / np.maximum(source_prior, 0.0).sum()
    if prior.sum() <= 0:
        prior = source_prior
        notes += ("nothing could be estimated: the source's prior stands",)
    prior = prior / prior.sum()
    if calibration is not None and calibration.fell_back:
        notes += (f"calibration dropped: {calibration.note}",)
    for note in notes:
        log.warning("%s: %s", method, note)
    weights = np.divide(prior, source_prior, out=np.zeros_like(prior), where=source_prior > 0)
    return PriorEstimate(prior, weights, interval, method, source_prior, calibration, notes)


def normal_interval(prior: Floats, spread: Floats) -> Floats:
    """Interval at 95 % from standard errors, clipped to [0, 1], (K, 2)."""
    half = QUANTILE * spread
    return np.clip(np.stack([prior - half, prior + half], axis=1), 0.0, 1.0)
