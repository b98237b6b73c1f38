"""A second opinion on labels that look missing or extra: two heaps of scores a class, and noise in either."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit, logit

STEPS = 60
CLOSE = 1e-6  # of P(the label is true), on average: then it has settled
FEW = 0.05  # share of wrong labels of either kind that is begun with
SURE = 1e-3  # no probability counts as nearer to 0 or 1
LIKELY = 0.5  # P(error) from which a cell stays suspicious


def confirmed(
    suspicious: sparse.csr_array, given: sparse.csr_array, pred_probs: NDArray[np.floating]
) -> sparse.csr_array:
    """Suspicious cells (N, K), sparse, whose error is likely by a mixture as well: the smaller probability.

    Where features hardly tell a class, probabilities alone can't say whether labels are wrong or classes
    overlap (Scott 2015). The shape of the scores can: those of a class that is told lie in two heaps.
    """
    found = sparse.csc_array(suspicious)
    labels = sparse.csc_array(given)
    for column in np.flatnonzero(np.diff(found.indptr)):
        cells = slice(found.indptr[column], found.indptr[column + 1])
        there = np.zeros(found.shape[0], bool)
        there[labels.indices[labels.indptr[column] : labels.indptr[column + 1]]] = True
        error = error_probability(np.asarray(pred_probs[:, column], np.float64), there)
        least = np.minimum(found.data[cells], error[found.indices[cells]])
        found.data[cells] = np.where(least >= LIKELY, least, 0.0)
    found.eliminate_zeros()
    return sparse.csr_array(found)


def error_probability(prob: NDArray[np.float64], given: NDArray[np.bool_]) -> NDArray[np.float64]:
    """P(the given label (N,) is wrong) by probabilities (N,): two normal heaps of their log odds, one width.

    Fitted by expectation–maximisation with the shares of labels lost and invented (Lawrence & Schölkopf
    2001).
    """
    score = logit(np.clip(prob, SURE, 1 - SURE))
    true, lost, invented = np.where(given, 1 - FEW, FEW), FEW, FEW
    for _ in range(STEPS):
        before = true
        true, lost, invented = _step(score, given, before, lost, invented)
        if float(np.abs(true - before).mean()) < CLOSE:
            break
    return np.where(given, 1 - true, true)


def _step(
    score: NDArray[np.float64],
    given: NDArray[np.bool_],
    true: NDArray[np.float64],
    lost: float,
    invented: float,
) -> tuple[NDArray[np.float64], float, float]:
    """One round: the heaps by P(true) (N,), P(true) by the heaps, and the shares of wrong labels by that."""
    rows = len(score)
    there = min(max(float(true.mean()), 1 / (rows + 2)), 1 - 1 / (rows + 2))
    high = float(true @ score) / (rows * there)
    low = float((1 - true) @ score) / (rows * (1 - there))
    width = float(true @ (score - high) ** 2 + (1 - true) @ (score - low) ** 2) / rows + 1e-6
    odds = ((score - low) ** 2 - (score - high) ** 2) / (2 * width) + np.log(there / (1 - there))
    odds += np.where(given, np.log((1 - lost) / invented), np.log(lost / (1 - invented)))
    now = np.asarray(expit(odds), np.float64)
    return now, _share(now, ~given), _share(1 - now, given)


def _share(weight: NDArray[np.float64], wrong: NDArray[np.bool_]) -> float:
    """Share of the weight (N,) that is wrong: never none, and never most of it."""
    total = max(float(weight.sum()), np.finfo(float).tiny)
    return min(max(float(weight @ wrong) / total, 1 / (len(weight) + 2)), 0.5)
