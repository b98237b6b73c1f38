"""Distribution matching: the histogram of every class's probability in the target as a mixture of classes."""

from __future__ import annotations

import numpy as np

from labelworks.tasks.methods.arrays import Floats, Matrix, blocks
from labelworks.tasks.methods.label_shift.confusion import IllPosed, inverse_transition, singular, soft
from labelworks.tasks.methods.label_shift.estimator import estimator
from labelworks.tasks.methods.label_shift.inputs import Windows
from labelworks.tasks.methods.label_shift.intervals import bootstrap_interval
from labelworks.tasks.methods.label_shift.result import PriorEstimate, finish

BINS = 8
STEPS = 500
STILL = 1e-7
EMPTY = 1e-8  # share of a bin that nothing falls into


@estimator("dmy", source="Gonzalez-Castro 2013")
def dmy(windows: Windows) -> PriorEstimate:
    """HDy for any number of classes: least mean Hellinger distance of the K one-against-rest histograms."""
    by_class, seen = _source(windows), _mean(windows.target)
    if singular(by_class):
        raise IllPosed("the histograms of the classes are singular")
    source = windows.given_prior @ inverse_transition(windows)
    prior = match(by_class, seen, source)
    rows, of_class = np.array([len(windows.target)]), len(windows.labels) * np.maximum(source, 0)

    def again(rng: np.random.Generator) -> Floats:
        drawn = _resampled(seen[:, None], rows, rng)[:, 0]
        return match(_resampled(by_class, of_class, rng) + EMPTY, drawn, prior)

    interval = bootstrap_interval(again, prior)
    return finish(windows, "dmy", prior, interval, source)


def match(by_class: Floats, seen: Floats, start: Floats) -> Floats:
    """Maximise Σ √(seen · by_class @ p) over the simplex; by_class (bins, K), seen (bins,).

    Each step maximises a lower bound by Cauchy's inequality, so the sum never falls.
    """
    p = np.maximum(start, 1e-6) / np.maximum(start, 1e-6).sum()
    for _ in range(STEPS):
        pull = by_class.T @ np.sqrt(seen / np.maximum(by_class @ p, EMPTY))
        moved = p * pull**2
        moved /= moved.sum()
        if np.abs(moved - p).max() < STILL:
            return np.asarray(moved)
        p = moved
    return np.asarray(p)


def _source(windows: Windows) -> Floats:
    """Histograms of each true class, (K · BINS, K), the noise of the given labels undone."""
    K = windows.classes
    counts = np.zeros((K * BINS, K))
    for part in blocks(*windows.probs.shape):
        cells = _cells(soft(windows.probs[part])) * K + windows.labels[part, None]
        counts += np.bincount(cells.ravel(), minlength=counts.size).reshape(counts.shape)
    counts = np.maximum(counts @ inverse_transition(windows), 0)
    rows = counts.reshape(K, BINS, K)
    totals = np.maximum(rows.sum(axis=1, keepdims=True), 1e-12)
    return np.asarray((rows / totals + EMPTY).reshape(K * BINS, K))


def _mean(probs: np.ndarray) -> Floats:
    counts = np.zeros(probs.shape[1] * BINS)
    for part in blocks(*probs.shape):
        counts += np.bincount(_cells(soft(probs[part])).ravel(), minlength=len(counts))
    return np.asarray(counts / len(probs))


def _cells(probs: Matrix) -> np.ndarray:
    """Number of the histogram cell of every probability, (N, K), below K · BINS."""
    inner = np.minimum((probs * BINS).astype(np.int64), BINS - 1)
    return np.asarray(inner + BINS * np.arange(probs.shape[1]))


def _resampled(histograms: Floats, rows: Floats, rng: np.random.Generator) -> Floats:
    """Each histogram (K · BINS, windows) drawn again with as many rows, (windows,)."""
    cells = histograms.reshape(-1, BINS, len(rows)).transpose(0, 2, 1)
    counts = np.maximum(rows, 1).astype(np.int64)
    drawn = rng.multinomial(counts, cells / cells.sum(axis=2, keepdims=True)) / counts[:, None]
    return np.asarray(drawn.transpose(0, 2, 1).reshape(histograms.shape))
