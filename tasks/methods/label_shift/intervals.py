"""Asymptotic intervals of a prior found by maximum likelihood, the error of the calibration included."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from labelworks.tasks.methods.arrays import Floats, Matrix, blocks, sample
from labelworks.tasks.methods.label_shift.calibration import FIT_ELEMENTS, calibrated
from labelworks.tasks.methods.label_shift.calibration_newton import (
    Family,
    given_posterior,
    information,
    scores,
)
from labelworks.tasks.methods.label_shift.confusion import Scatter
from labelworks.tasks.methods.label_shift.inputs import Windows, log_probs
from labelworks.tasks.methods.label_shift.result import QUANTILE, Calibration, normal_interval

ACTIVE = 1e-6  # smaller shares sit on the edge of the simplex
REPEATS = 100  # of the bootstrap
DROP = 1.3528  # of the log-likelihood: half the 90 % quantile of chi-square with one degree, one-sided 95 %


@dataclass(frozen=True)
class _Target:
    """Means over the target: posteriors' scatter, information, covariance of their mean, edge terms."""

    square: Floats
    information: Floats
    of_mean: Floats
    slope: Floats
    curve: Floats


def likelihood_interval(
    windows: Windows, calibration: Calibration, source: Floats, ratio: Matrix, prior: Floats
) -> tuple[Floats, Floats]:
    """Interval at 95 % of each share, (K, 2), and the covariance (K, K) of their errors.

    Delta method on the log scale, in the interval likelihood ratio at the edge.
    """
    family = Family(
        windows.classes, vector=calibration.kind == "vector", bias=calibration.kind != "temperature"
    )
    target = _target(windows, calibration, family, ratio, prior)
    covariance = target.of_mean + _source(windows, calibration, family, source, target)
    active = prior > ACTIVE
    of_prior = np.zeros((len(prior), len(prior)))
    if active.any():
        inverse = np.linalg.pinv(target.square[np.ix_(active, active)], rcond=1e-10, hermitian=True)
        inner = inverse @ covariance[np.ix_(active, active)] @ inverse
        of_prior[np.ix_(active, active)] = inner * np.outer(prior[active], prior[active])
    spread = np.sqrt(np.maximum(np.diag(of_prior), 0))
    return _combine(prior, spread, _edge(target, prior, len(windows.target))), of_prior


def _combine(prior: Floats, spread: Floats, edge: Floats) -> Floats:
    """Normal interval inside; where it would pass 0, from 0 to the likelihood's bound."""
    half = QUANTILE * spread
    low, high = prior - half, prior + half
    near = low <= 0
    high = np.where(near, np.maximum(high, edge), high)
    return np.clip(np.stack([low, high], axis=1), 0.0, 1.0)


def _edge(target: _Target, prior: Floats, rows: int) -> Floats:
    """Share up to which the log-likelihood falls by DROP when the class grows at the others' cost."""
    curve = np.maximum(target.curve, 1e-12)
    rise = target.slope + np.sqrt(target.slope**2 + 2 * DROP / rows * curve)
    return np.asarray(prior + rise / curve)


def _target(
    windows: Windows, calibration: Calibration, family: Family, ratio: Matrix, prior: Floats
) -> _Target:
    K, whole = windows.classes, Family(windows.classes, vector=family.vector, bias=True)
    rows = sample(len(ratio), max(FIT_ELEMENTS // K, 1))
    info, scatter, curve, slope = np.zeros((whole.size, whole.size)), Scatter(K), np.zeros(K), np.zeros(K)
    scale = calibration.scale.astype(np.float32)
    for part in blocks(len(rows), K):
        r = ratio[rows[part]]
        r /= np.maximum(r @ prior.astype(np.float32), np.float32(1e-30))[:, None]
        h = r * prior.astype(np.float32)
        info += information(whole, h, log_probs(windows.target[rows[part]], calibration.undo) * scale)
        scatter.add(h)
        slope += (r - 1).sum(axis=0, dtype=np.float64)
        curve += np.square(r - 1, dtype=np.float64).sum(axis=0)
    n = len(rows)
    of_mean = scatter.of_mean * (n / len(ratio))
    return _Target(scatter.square / n, info / n, of_mean, slope / n, curve / n)


def _source(
    windows: Windows, calibration: Calibration, family: Family, source: Floats, target: _Target
) -> Floats:
    """Covariance of the target's score that comes from the source: calibration and source prior."""
    K, size, rows = windows.classes, family.size, sample(len(windows.labels), FIT_ELEMENTS // windows.classes)
    parts = [rows[part] for part in blocks(len(rows), K)]
    info, missing = _source_information(windows, calibration, family, parts)
    penalty = np.diag(family.penalty(calibration.ridge) + 1e-9)
    inverse = np.linalg.pinv((info - missing)[:size, :size] / len(rows) + penalty, hermitian=True)
    over = np.divide(1.0, source, out=np.zeros(K), where=source > 0)
    by_prior = target.information[-K:, -K:] * over
    by_theta = target.information[-K:, :size] - by_prior @ (info[-K:, :size] / len(rows))
    moves = by_theta @ inverse if calibration.kind != "none" else np.zeros((K, size))
    scatter = Scatter(K)
    for part in parts:
        q, u = calibrated(calibration, windows.probs[part])
        score = scores(family, q, u, windows.labels[part], windows.transition)
        scatter.add(score.astype(np.float64) @ moves.T - q @ by_prior.T)
    return scatter.of_mean * (len(rows) / len(windows.labels))


def _source_information(
    windows: Windows, calibration: Calibration, family: Family, parts: list[np.ndarray]
) -> tuple[Floats, Floats]:
    whole = Family(windows.classes, vector=family.vector, bias=True)
    info, missing = np.zeros((whole.size, whole.size)), np.zeros((whole.size, whole.size))
    for part in parts:
        q, u = calibrated(calibration, windows.probs[part])
        info += information(whole, q, u)
        if windows.transition is not None:
            missing += information(whole, given_posterior(q, windows.labels[part], windows.transition), u)
    return info, missing


def bootstrap_interval(again: Callable[[np.random.Generator], Floats], prior: Floats) -> Floats:
    """Interval at 95 %, (K, 2), from the spread of estimates made again on resampled rows of both windows.

    Percentiles would count twice what bias an estimator has, and of so few repeats they are too near.
    """
    rng = np.random.default_rng(0)
    made = np.stack([again(rng) for _ in range(REPEATS)])
    return normal_interval(prior, made.std(axis=0, ddof=1))
