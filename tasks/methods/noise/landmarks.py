"""Landmarks: neighbour consistency at the price of a few rows a class, of rare classes as of common ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tasks.methods.noise.reservoir import STREAM
from tasks.methods.noise.scored import Beside, ScoredModel
from tasks.methods.registry import register

PER_CLASS = 50  # landmarks of a class at most
NEAREST = 10
SAME = 1 - 1e-6  # cosine of a row and itself, or a copy: it has nothing to say about its own label
BLOCK = 1024  # rows compared at once


@register(
    "noise",
    "landmarks",
    needs=("pred_probs", "features"),
    source="Iscen et al. 2022 on class-balanced landmarks",
)
class Landmarks(ScoredModel):
    """Share of the nearest landmarks' labels that agree, the model's own probability counted as one of them.

    Landmarks are as many rows of each given class, by chance: a row is compared with these and not with all.
    """

    name = "landmarks"
    beside = ("features",)

    def learn(self, given: NDArray[np.int32], probs: NDArray[np.float32], beside: Beside) -> None:
        """Draw the landmarks from the sample."""
        drawn = np.random.default_rng([self._seed, STREAM]).permutation(len(given))
        by_class = drawn[np.argsort(given[drawn], kind="stable")]
        counts = np.bincount(given)
        place = np.arange(len(given)) - np.repeat(np.cumsum(counts) - counts, counts)
        chosen = by_class[place < PER_CLASS]
        self._landmarks = _unit(np.asarray(beside["features"], np.float32)[chosen])
        self._labels = given[chosen]

    def quality(
        self, given: NDArray[np.int32], probs: NDArray[np.float32], beside: Beside
    ) -> NDArray[np.float32]:
        """Return (agreeing landmarks + p(given)) / (nearest landmarks + 1) (n,)."""
        rows = np.asarray(beside["features"], np.float32)
        count = min(NEAREST, len(self._labels))
        agreeing = np.empty(len(given), np.float32)
        for start in range(0, len(given), BLOCK):
            alike = _unit(rows[start : start + BLOCK]) @ self._landmarks.T
            alike[alike > SAME] = -2
            near = np.argpartition(-alike, count - 1, axis=1)[:, :count]
            same = self._labels[near] == given[start : start + BLOCK, None]
            agreeing[start : start + BLOCK] = same.sum(axis=1)
        return np.asarray((agreeing + probs[np.arange(len(given)), given]) / (count + 1), np.float32)


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12), np.float32)
