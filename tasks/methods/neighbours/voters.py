"""The commonest label of the nearest rows of a sample: a second look at a row, beside that of the probes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.arrays import evenly
from labelworks.tasks.methods.neighbours.cosine import Reference
from labelworks.tasks.methods.neighbours.reference import NEAREST
from labelworks.tasks.methods.noise.core.second_view import vote_of

ANSWERING = 10_000  # rows among which neighbours are sought, at most
UNASKED = -1


@dataclass(frozen=True, eq=False)
class Voters:
    """Rows (M, D) whose labels (M,) are heard."""

    reference: Reference
    labels: NDArray[np.int32]

    @classmethod
    def of(cls, features: NDArray[np.floating], labels: NDArray[np.int32]) -> Voters | None:
        """At most ANSWERING of rows (N, D) with labels (N,); None: too few have neighbours."""
        if len(labels) <= NEAREST:
            return None
        some = evenly(len(labels), ANSWERING)
        return cls(Reference.of(np.asarray(features[some], np.float32)), labels[some])

    def vote(self, features: NDArray[np.floating], probs: NDArray[np.float32]) -> NDArray[np.int32]:
        """The commonest label (N,) around rows (N, D); the likelier by probs (N, K) of two as common."""
        near = self.reference.near(np.asarray(features, np.float32), NEAREST)
        return vote_of(self.labels[near], probs)
