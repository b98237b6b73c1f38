"""What the nearest rows say of one, and how far it is heard beside the probes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from labelworks.tasks.methods.arrays import sample
from labelworks.tasks.methods.neighbours.cosine import Reference
from labelworks.tasks.methods.probes.opinion_pool import pool_shares
from labelworks.tasks.methods.treatment.imprecise.core.evidence import FLOOR

NEAREST = 10
BANK = 5000  # labelled rows among whom neighbours are sought, and as many unlabelled ones
AT_ONCE = 8192
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Neighbours:
    """Rows of a bank and their memberships (M, K), of what has come in; of N rows the nearest of the bank.

    place (N,): of a row in the bank, -1 elsewhere; near (N, 10): rows of the bank, -1 where not sought.
    shares (2,): what the probes' log-probabilities count for, and the neighbours'.
    """

    place: NDArray[np.int32]
    near: NDArray[np.int32]
    memberships: NDArray[np.float32]
    shares: NDArray[np.float64]

    @classmethod
    def among(
        cls, features: NDArray[np.floating], labelled: Rows, unlabelled: Rows, asked: Rows, classes: int
    ) -> Neighbours:
        """Seek the nearest of the labelled and unlabelled rows, for the unlabelled and those asked for."""
        bank = np.concatenate([rows[sample(len(rows), BANK)] for rows in (labelled, unlabelled)])
        reference, width = Reference.of(features[bank].astype(np.float32)), min(NEAREST, len(bank))
        place = np.full(len(features), -1, np.int32)
        place[bank] = np.arange(len(bank))
        near = np.full((len(features), width), -1, np.int32)
        for rows in (asked, unlabelled):
            for start in range(0, len(rows), AT_ONCE):
                part = rows[start : start + AT_ONCE]
                near[part] = reference.near(features[part].astype(np.float32), width)
        nothing = np.zeros((len(bank), classes), np.float32)
        return cls(place, near, nothing, np.array([1.0, 0.0]))

    def bank(self, features: NDArray[np.floating]) -> Reference:
        """The rows of the bank, to be sought among: features (N, D) of the same rows."""
        inside = np.flatnonzero(self.place >= 0)
        rows = inside[np.argsort(self.place[inside], kind="stable")]
        return Reference.of(features[rows].astype(np.float32))

    def elsewhere(self, features: NDArray[np.floating], asked: Rows, bank: Reference) -> Neighbours:
        """The same for other rows, with features (M, D), of which some are asked for."""
        near = np.full((len(features), self.near.shape[1]), -1, np.int32)
        for start in range(0, len(asked), AT_ONCE):
            part = asked[start : start + AT_ONCE]
            near[part] = bank.near(features[part].astype(np.float32), near.shape[1])
        return replace(self, place=np.zeros(0, np.int32), near=near)

    def told(self, rows: Rows, memberships: NDArray[np.float32]) -> Neighbours:
        """The same with the memberships (n, K) of rows, as far as these are in the bank."""
        inside, known = self.place[rows] >= 0, self.memberships.copy()
        known[self.place[rows][inside]] = memberships[inside]
        return replace(self, memberships=known)

    def without(self, rows: Rows) -> Neighbours:
        """The same with nothing known of rows (n,)."""
        return self.told(rows, np.zeros((len(rows), self.memberships.shape[1]), np.float32))

    def weighed(self, rows: Rows, probs: NDArray[np.floating], labels: NDArray[np.int64]) -> Neighbours:
        """The same with shares by which probes (n, K) and neighbours foretell labels (n,) best."""
        return replace(self, shares=pool_shares(list(self.opinions(rows, probs)), labels))

    def opinions(self, rows: Rows, probs: NDArray[np.floating]) -> NDArray[np.float64]:
        """Log-probabilities of rows by probes (n, K) and by neighbours: (2, n, K)."""
        return np.asarray(np.log(np.stack([np.maximum(probs, FLOOR), self.votes(rows)])), np.float64)

    def votes(self, rows: Rows) -> NDArray[np.float64]:
        """Shares of the classes (n, K) among the nearest rows that have come in, one row more of the mean."""
        total = self.memberships.sum(axis=0, dtype=np.float64) + 1
        votes = np.tile(total / total.sum(), (len(rows), 1))
        for column in self.near[rows].T:
            votes += self.memberships[column]
        return np.asarray(votes / votes.sum(axis=1, keepdims=True))

    def judge(self, rows: Rows, probs: NDArray[np.floating]) -> NDArray[np.float32]:
        """P(class) (n, K) of rows by probes (n, K) and neighbours."""
        logits = np.tensordot(self.shares, self.opinions(rows, probs), axes=1)
        return np.asarray(softmax(logits, axis=1), np.float32)
