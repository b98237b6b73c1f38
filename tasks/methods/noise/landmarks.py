"""Landmarks: neighbour consistency at the price of a few rows a class, of rare classes as of common ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.neighbours.cosine import Reference
from labelworks.tasks.methods.noise.core.reservoir import STREAM
from labelworks.tasks.methods.noise.core.scored import Beside, ScoredModel
from labelworks.tasks.methods.registry import register

PER_CLASS = 50  # landmarks of a class at most
NEAREST = 10


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
    chooses_rows = True

    def learn(self, given: NDArray[np.int32], probs: NDArray[np.float32], beside: Beside) -> None:
        """Draw the landmarks from the sample."""
        drawn = np.random.default_rng([self._seed, STREAM]).permutation(len(given))
        by_class = drawn[np.argsort(given[drawn], kind="stable")]
        counts = np.bincount(given)
        place = np.arange(len(given)) - np.repeat(np.cumsum(counts) - counts, counts)
        chosen = by_class[place < PER_CLASS]
        self.landmarks = Reference.of(np.asarray(beside["features"])[chosen])
        self.labels = given[chosen]

    def quality(
        self, given: NDArray[np.int32], probs: NDArray[np.float32], beside: Beside
    ) -> NDArray[np.float32]:
        """Return (agreeing landmarks + p(given)) / (nearest landmarks + 1) (n,)."""
        near = self.landmarks.near(np.asarray(beside["features"]), NEAREST)
        agreeing = (self.labels[near] == given[:, None]).sum(axis=1)
        own = probs[np.arange(len(given)), given]
        return np.asarray((agreeing + own) / (near.shape[1] + 1), np.float32)
