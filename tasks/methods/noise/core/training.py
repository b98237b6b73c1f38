"""A linear softmax model in training: the weights that it had along the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

STEPS = 60  # of gradient descent, few on purpose: early learning fits the clean rows first (Liu 2020)
EVERY = 6  # steps between two looks


@dataclass(frozen=True)
class Training:
    """Weights (D + 1, K) at some steps of training on rows centred by mean (D,) and divided by scale."""

    mean: NDArray[np.float32]
    scale: np.float32
    path: tuple[NDArray[np.float32], ...]

    @classmethod
    def on(cls, features: NDArray[np.float32], given: NDArray[np.int32], classes: int) -> Training:
        """Train on rows (N, D) and labels (N,) by accelerated gradient descent (Nesterov 1983)."""
        mean = features.mean(axis=0)
        scale = np.float32(max(float(np.linalg.norm(features - mean, axis=1).mean()), 1e-9))
        design = _design(features, mean, scale)
        target = np.zeros((len(given), classes), np.float32)
        target[np.arange(len(given)), given] = 1
        rate = np.float32(2 / max(float(np.linalg.norm(design, axis=1).max()) ** 2, 1e-9))
        rate *= np.float32(len(np.unique(given)))
        weights = before = np.zeros((design.shape[1], classes), np.float32)
        path = []
        for step in range(1, STEPS + 1):
            ahead = weights + np.float32((step - 1) / (step + 2)) * (weights - before)
            error = softmax(design @ ahead, axis=1) - target
            before, weights = weights, ahead - rate * (design.T @ error) / np.float32(len(given))
            if step % EVERY == 0:
                path.append(weights)
        return cls(mean, scale, tuple(path))

    def logits(self, features: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        """Yield the logits (N, K) of rows (N, D) at each look."""
        design = _design(features, self.mean, self.scale)
        for weights in self.path:
            yield design @ weights


def _design(
    features: NDArray[np.float32], mean: NDArray[np.float32], scale: np.float32
) -> NDArray[np.float32]:
    return np.column_stack([(features - mean) / scale, np.ones(len(features), np.float32)])
