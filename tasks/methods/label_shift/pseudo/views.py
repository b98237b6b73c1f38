"""What neighbours and prototypes say of a row's predicted class, beside the probes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.arrays import FLOOR, Floats, Matrix, blocks
from labelworks.tasks.methods.neighbours.cosine import Reference, unit_length

NEAREST = 10
UNLABELLED = -1
Codes = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Bank:
    """Rows among whom neighbours are sought: `reference` of M, `middle` (D,) that directions start at.

    labelled: the first so many of them are labelled, the others are of the window.
    """

    reference: Reference
    middle: Matrix
    labelled: int

    @classmethod
    def of(cls, labelled: NDArray[np.floating], window: NDArray[np.floating]) -> Bank:
        """Take rows (n, D) and (M - n, D). Raises InputError where a value is not finite."""
        features = np.concatenate([labelled, window])
        middle = features.mean(axis=0, dtype=np.float64).astype(np.float32)
        return cls(Reference.of(features.astype(np.float32) - middle), middle, len(labelled))

    def near(self, features: NDArray[np.floating]) -> NDArray[np.int64]:
        """Places (n, 10) in the bank of the nearest of rows (n, D); a row itself and its copies come last."""
        parts = blocks(len(features), len(self.reference.unit))
        return np.concatenate([self.reference.near(self.unit(features[part]), NEAREST) for part in parts])

    def among_labelled(self, near: NDArray[np.int64]) -> NDArray[np.intp]:
        """How many of the nearest (n, 10) are labelled rows (n,)."""
        return np.asarray((near < self.labelled).sum(axis=1), np.intp)

    def unit(self, features: NDArray[np.floating]) -> Matrix:
        """Directions (n, D) of rows from the middle, of length 1."""
        return unit_length(features.astype(np.float32) - self.middle)


@dataclass(frozen=True, eq=False)
class Views:
    """What is known in a bank of M rows: labels (M,), UNLABELLED where none is; prototypes (K, D)."""

    bank: Bank
    labels: Codes
    prototypes: Matrix

    @classmethod
    def of(cls, bank: Bank, labels: Codes, classes: int) -> Views:
        """Prototypes are the directions of the class means of the rows whose label is known."""
        known = labels != UNLABELLED
        totals = np.zeros((classes, bank.reference.unit.shape[1]), np.float32)
        np.add.at(totals, labels[known], bank.reference.unit[known])
        return cls(bank, labels, unit_length(totals))

    def with_labels(self, rows: NDArray[np.intp], labels: Codes) -> Views:
        """The same with the labels (n,) of more rows (n,) known, by their places."""
        known = self.labels.copy()
        known[rows] = labels
        return Views.of(self.bank, known, len(self.prototypes))

    def evidence(self, posterior: Matrix, unit: Matrix, near: NDArray[np.int64]) -> Floats:
        """How far each speaks for the likeliest class of rows (n, 3): probes, neighbours, prototypes.

        posterior (n, K) by the probes; unit (n, D) and near (n, 10) as the bank gives them. The log odds of
        the class; the log of how many neighbours bear it to how many bear the commonest other; how much
        nearer its prototype is than the nearest other, in cosines.
        """
        best = posterior.argmax(axis=1)
        sure = np.clip(posterior[np.arange(len(best)), best].astype(np.float64), FLOOR, 1 - 1e-6)
        return np.stack(
            [np.log(sure / (1 - sure)), _votes(self.labels[near], best), self._margin(unit, best)], axis=1
        )

    def _margin(self, unit: Matrix, best: NDArray[np.intp]) -> Floats:
        margin, unseen = np.empty(len(best)), ~self.prototypes.any(axis=1)
        for part in blocks(len(best), len(self.prototypes)):
            alike = unit[part] @ self.prototypes.T
            alike[:, unseen] = -1.0
            rows = np.arange(len(alike))
            own = alike[rows, best[part]].copy()
            alike[rows, best[part]] = -np.inf
            margin[part] = own - alike.max(axis=1)
        return margin


def _votes(labels: Codes, best: NDArray[np.intp]) -> Floats:
    """Log ratio (n,) of neighbours' labels (n, k) that are the class to those of the commonest other."""
    agree, known = labels == best[:, None], labels != UNLABELLED
    other = np.zeros(len(labels))
    for place, label in enumerate(labels.T):
        alike = ((labels == label[:, None]) & known).sum(axis=1)
        np.maximum(other, alike, out=other, where=~agree[:, place])
    return np.asarray(np.log((agree.sum(axis=1) + 0.5) / (other + 0.5)))
