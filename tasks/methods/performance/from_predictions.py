"""Probabilities made of a model's predictions alone, or of them and another model's probabilities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.arrays import FLOOR, Floats, Matrix

FOLDS = 5
COUNTS = 1.0  # rows of each class, predicted as all are, that what was seen is smoothed by


def from_predictions(
    labels: NDArray[np.int64],
    predictions: NDArray[np.int64],
    target_predictions: NDArray[np.int64],
    classes: int,
    *,
    transition: Floats | None = None,
    beside: tuple[NDArray[np.floating], NDArray[np.floating]] | None = None,
) -> tuple[Matrix, Matrix]:
    """Probabilities (N, K) and (M, K) of both windows, of the labelled one out of sample in five folds.

    beside: probabilities (N, K) and (M, K) by another model, of which the prediction knows nothing given the
    class; a calibration sets right what they have in common. transition (K, K): noise of the labels.
    """
    probs = np.empty((len(labels), classes), dtype=np.float32)
    fold = np.arange(len(labels)) % FOLDS
    for held in range(FOLDS):
        rows = fold == held
        likely = _likelihood(labels[~rows], predictions[~rows], classes, transition)
        probs[rows] = likely.T[predictions[rows]]
    likely = _likelihood(labels, predictions, classes, transition)
    shares = np.bincount(labels, minlength=classes) / max(len(labels), 1)
    own, theirs = beside or (shares, shares)
    return _normed(probs * own), _normed(likely.T[target_predictions] * theirs)


def _likelihood(
    labels: NDArray[np.int64], predictions: NDArray[np.int64], classes: int, transition: Floats | None
) -> Floats:
    """P(prediction | true class), (K, K): rows = true; the noise of the labels undone."""
    cells = np.bincount(labels * classes + predictions, minlength=classes * classes)
    counts = cells.reshape(classes, classes).astype(np.float64)
    if transition is not None:
        counts = np.maximum(np.linalg.pinv(transition.T) @ counts, 0)
    usual = (counts.sum(axis=0) + 1) / (counts.sum() + classes)
    smoothed = counts + COUNTS * usual
    return np.asarray(smoothed / smoothed.sum(axis=1, keepdims=True))


def _normed(rows: NDArray[np.floating]) -> Matrix:
    kept = np.maximum(rows, FLOOR)
    return np.asarray(kept / kept.sum(axis=1, keepdims=True), dtype=np.float32)
