"""How little few rows can say: the least width of an interval, whatever an estimator makes of its errors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.arrays import FLOOR, Floats, blocks, sample
from labelworks.tasks.methods.label_shift.calibration import FIT_ELEMENTS, apply
from labelworks.tasks.methods.label_shift.confusion import Confusion, Features, by_class, confusion, efficient
from labelworks.tasks.methods.label_shift.inputs import Windows
from labelworks.tasks.methods.label_shift.result import QUANTILE, PriorEstimate
from labelworks.tasks.methods.statistics.clopper_pearson import high_end, low_end

TAIL = 0.025
NOTHING = 1e-6  # of the largest singular value
SEEN = 1e-3  # part of a class in a direction that can't be seen


def widened(
    windows: Windows, found: PriorEstimate, features: Features, rows: tuple[int, int] | None = None
) -> PriorEstimate:
    """The estimate, its interval at least that of counting as many rows by a classifier that errs.

    Two errors are put together by their distances from the estimate (MOVER, Zou and Donner 2008): that of the
    shares among so few rows, as binomial (Clopper and Pearson 1934), and that of telling the classes of these
    rows, by the moments. features: what these are made of; rows: of both windows, where these are samples.
    """
    n, m = rows or (len(windows.labels), len(windows.target))
    off = QUANTILE * np.sqrt(_of_telling(windows, found, features, (n, m)))
    hits = np.clip(found.prior, 0.0, 1.0) * m
    low, high = low_end(hits, m, TAIL), high_end(hits, m, TAIL)
    low = found.prior - np.hypot(found.prior - low, off)
    high = found.prior + np.hypot(high - found.prior, off)
    least = np.clip(np.stack([low, high], axis=1), 0.0, 1.0)
    ends = np.minimum(least[:, 0], found.interval[:, 0]), np.maximum(least[:, 1], found.interval[:, 1])
    return replace(found, interval=np.stack(ends, axis=1))


def _of_telling(windows: Windows, found: PriorEstimate, features: Features, rows: tuple[int, int]) -> Floats:
    """Variance (K,) of an estimate by moments around the shares that the target's own rows have.

    The fewer rows, the more may be of whatever class is the hardest to tell: it stands for K of them.
    """
    (n, m), K = rows, windows.classes
    kept, few = sample(len(windows.labels), FIT_ELEMENTS // K), sample(len(windows.target), FIT_ELEMENTS // K)
    part = Windows(windows.labels[kept], windows.probs[kept], windows.target[few], windows.transition)
    mix = (m * found.prior + K * found.source_prior) / (m + K)
    weights = np.divide(mix, found.source_prior, out=np.zeros(K), where=found.source_prior > 0)
    sums = confusion(part, _calibrated(features, found, weights, rows))
    errors = _by_class(part, sums)
    of_target = (m * errors @ found.prior + K * errors.max(axis=1)) / (m + K) / m
    off = of_target + errors @ (weights * mix) / n
    return np.asarray(np.where(_untold(sums), np.inf, off), dtype=np.float64)


def _calibrated(features: Features, found: PriorEstimate, weights: Floats, rows: tuple[int, int]) -> Features:
    """The efficient features of an estimate by calibrated probabilities, for others those given."""
    fitted = found.calibration
    if fitted is None:
        return features
    moments = efficient(weights, *rows)
    return lambda probs: moments(apply(fitted, probs))


def _by_class(windows: Windows, sums: Confusion) -> Floats:
    """Mean square (K, K) of how far a row of a true class, the column, is told from that class."""
    K, solve = windows.classes, (sums.prior[:, None] * sums.inverse()).T.astype(np.float32)
    first, second = np.zeros((K, K)), np.zeros((K, K))
    for part in blocks(*windows.probs.shape):
        unmixed = sums.features(windows.probs[part]) @ solve
        first += by_class(unmixed, windows.labels[part])
        second += by_class(unmixed**2, windows.labels[part])
    over = sums.undo / (len(windows.labels) * np.maximum(sums.prior, FLOOR))
    apart = second @ over - np.diag(2 * np.diag(first @ over) - 1)
    return np.asarray(np.maximum(apart, 0), dtype=np.float64)


def _untold(sums: Confusion) -> NDArray[np.bool_]:
    """Classes (K,) that the moments can't tell from others at all."""
    if not sums.singular:
        return np.zeros(len(sums.prior), dtype=np.bool_)
    _, values, right = np.linalg.svd(sums.joint)
    return np.asarray(np.abs(right[values <= NOTHING * values[0]]).max(axis=0, initial=0) > SEEN)
