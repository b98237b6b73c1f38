"""A second opinion on labels that look missing or extra: two heaps of scores a class, and noise in either."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit, logit

STEPS = 60
CLOSE = 1e-6  # of P(the label is true), on average: then it has settled
FEW = 0.05  # share of wrong labels of either kind that is begun with
SURE = 1e-3  # no probability counts as nearer to 0 or 1
LIKELY = 0.5  # P(error) from which a cell stays suspicious
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Heaps:
    """The log odds of one class lie in two normal heaps of one width; labels of either are lost and invented.

    Where features hardly tell a class, probabilities alone can't say whether labels are wrong or classes
    overlap (Scott 2015). The shape of the scores can: those of a class that is told lie in two heaps.
    """

    high: float
    low: float
    width: float
    there: float
    lost: float
    invented: float

    @classmethod
    def fit(cls, prob: Floats, given: NDArray[np.bool_]) -> Heaps:
        """Fit to probabilities (N,) and given labels (N,), by EM with the shares of wrong labels.

        Source: Lawrence & Schölkopf 2001.
        """
        score, true = _log_odds(prob), np.where(given, 1 - FEW, FEW)
        lost = invented = FEW
        for _ in range(STEPS):
            heaps = cls._of(score, true, lost, invented)
            now = heaps._true(score, given)
            moved = float(np.abs(now - true).mean())
            true, lost, invented = now, _share(now, ~given), _share(1 - now, given)
            if moved < CLOSE:
                break
        return heaps

    def error_probability(self, prob: Floats, given: NDArray[np.bool_]) -> Floats:
        """P(the given label (N,) is wrong) by probabilities (N,)."""
        true = self._true(_log_odds(prob), given)
        return np.where(given, 1 - true, true)

    @classmethod
    def _of(cls, score: Floats, true: Floats, lost: float, invented: float) -> Heaps:
        """The heaps of scores (N,) by P(true) (N,)."""
        rows = len(score)
        there = min(max(float(true.mean()), 1 / (rows + 2)), 1 - 1 / (rows + 2))
        high = float(true @ score) / (rows * there)
        low = float((1 - true) @ score) / (rows * (1 - there))
        width = float(true @ (score - high) ** 2 + (1 - true) @ (score - low) ** 2) / rows + 1e-6
        return cls(high, low, width, there, lost, invented)

    def _true(self, score: Floats, given: NDArray[np.bool_]) -> Floats:
        """P(the label is true) (N,)."""
        odds = ((score - self.low) ** 2 - (score - self.high) ** 2) / (2 * self.width)
        odds += np.log(self.there / (1 - self.there))
        odds += np.where(
            given, np.log((1 - self.lost) / self.invented), np.log(self.lost / (1 - self.invented))
        )
        return np.asarray(expit(odds), np.float64)


def fit_heaps(
    classes: Iterable[int], given: sparse.csr_array, pred_probs: NDArray[np.floating]
) -> dict[int, Heaps]:
    """The heaps of some classes: given (N, K), pred_probs (N, K)."""
    labels = sparse.csc_array(given)
    return {
        k: Heaps.fit(np.asarray(pred_probs[:, k], np.float64), _there(labels, k)) for k in map(int, classes)
    }


def confirmed(
    suspicious: sparse.csr_array,
    given: sparse.csr_array,
    pred_probs: NDArray[np.floating],
    heaps: dict[int, Heaps],
) -> sparse.csr_array:
    """Suspicious cells (N, K), sparse, whose error the heaps find likely too: the smaller probability."""
    suspects, labels = sparse.csc_array(suspicious), sparse.csc_array(given)
    for column in np.flatnonzero(np.diff(suspects.indptr)):
        cells = slice(suspects.indptr[column], suspects.indptr[column + 1])
        rows = suspects.indices[cells]
        prob = np.asarray(pred_probs[rows, column], np.float64)
        error = heaps[int(column)].error_probability(prob, _there(labels, int(column))[rows])
        least = np.minimum(suspects.data[cells], error)
        suspects.data[cells] = np.where(least >= LIKELY, least, 0.0)
    suspects.eliminate_zeros()
    return sparse.csr_array(suspects)


def _there(labels: sparse.csc_array, column: int) -> NDArray[np.bool_]:
    """Which rows (N,) have the class."""
    there = np.zeros(labels.shape[0], bool)
    there[labels.indices[labels.indptr[column] : labels.indptr[column + 1]]] = True
    return there


def _log_odds(prob: Floats) -> Floats:
    return np.asarray(logit(np.clip(prob, SURE, 1 - SURE)), np.float64)


def _share(weight: Floats, wrong: NDArray[np.bool_]) -> float:
    """Share of the weight (N,) that is wrong: never none, and never most of it."""
    total = max(float(weight.sum()), np.finfo(float).tiny)
    return min(max(float(weight @ wrong) / total, 1 / (len(weight) + 2)), 0.5)
