"""The confident joint of given and true labels (Northcutt, Jiang, Chuang 2021, section 3.1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def confident_thresholds(labels: NDArray[np.int32], probs: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return (K,) the mean probability of each class among the rows given it; 1 where none is."""
    classes = probs.shape[1]
    total = np.bincount(labels, probs[np.arange(len(labels)), labels], minlength=classes)
    count = np.bincount(labels, minlength=classes)
    return np.where(count > 0, total / np.maximum(count, 1), 1.0)


def confident_class(probs: NDArray[np.float32], thresholds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the most probable class (N,) among those over their threshold; -1 where none is."""
    over = np.where(probs >= (thresholds - 1e-6).astype(np.float32), probs, np.float32(-1))
    best = over.argmax(axis=1)
    return np.where(over[np.arange(len(probs)), best] < 0, -1, best)


def joint(labels: NDArray[np.int32], confident: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """Return the joint distribution (K, K), rows = given, columns = true, calibrated to the given counts."""
    counted = confident >= 0
    pairs = labels[counted] * np.int64(classes) + confident[counted]
    counts = np.bincount(pairs, minlength=classes * classes).reshape(classes, classes).astype(np.float64)
    np.fill_diagonal(counts, np.maximum(counts.diagonal(), 1e-9))  # a class never confident counts as clean
    rows = np.bincount(labels, minlength=classes) / max(len(labels), 1)
    return np.asarray(counts / counts.sum(axis=1, keepdims=True) * rows[:, None], np.float64)


def transition_of(joint: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return P(given | true) (K, K), rows = true class; a class without mass maps to itself."""
    true = joint.T + np.diag(np.where(joint.sum(axis=0) > 0, 0.0, 1.0))
    return np.asarray(true / true.sum(axis=1, keepdims=True), np.float64)
