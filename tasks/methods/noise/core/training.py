"""A linear softmax model in training: the weights that it had along the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from labelworks.tasks.methods.noise.core.scored import Beside, ScoredModel

STEPS = 60  # of gradient descent, few on purpose: early learning fits the clean rows first (Liu 2020)
EVERY = 6  # steps between two looks


@dataclass(frozen=True)
class Training:
    """Weights (D + 1, K) at some steps of training on rows less a centre (D,), divided by a scale."""

    centre: NDArray[np.float32]
    scale: np.float32
    path: tuple[NDArray[np.float32], ...]

    @classmethod
    def on(cls, features: NDArray[np.float32], given: NDArray[np.int32], classes: int) -> Training:
        """Train on rows (N, D) and labels (N,) by accelerated gradient descent (Nesterov 1983)."""
        centre = features.mean(axis=0)
        scale = np.float32(max(float(np.linalg.norm(features - centre, axis=1).mean()), 1e-9))
        design = _design(features, centre, scale)
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
        return cls(centre, scale, tuple(path))

    def logits(self, features: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        """Yield the logits (N, K) of rows (N, D) at each look."""
        design = _design(features, self.centre, self.scale)
        for weights in self.path:
            yield design @ weights

    def mean(
        self, features: NDArray[np.floating], of: Callable[[NDArray[np.float32]], NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        """Mean over the looks (N,) of what is made of rows' (N, D) logits (N, K), which it may change."""
        total = np.zeros(len(features), np.float32)
        for logits in self.logits(np.asarray(features, np.float32)):
            total += of(logits)
        return np.asarray(total / np.float32(len(self.path)))


class TrainedModel(ScoredModel):
    """A method that follows the training on the sample."""

    beside = ("features",)

    def learn(self, given: NDArray[np.int32], probs: NDArray[np.float32], beside: Beside) -> None:
        """Train on the sample, keep the weights along the way."""
        self._training = Training.on(np.asarray(beside["features"], np.float32), given, probs.shape[1])


def _design(
    features: NDArray[np.float32], centre: NDArray[np.float32], scale: np.float32
) -> NDArray[np.float32]:
    return np.column_stack([(features - centre) / scale, np.ones(len(features), np.float32)])
