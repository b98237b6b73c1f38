"""What a second look at the rows proves: labels that both looks contradict, by how sure the first one is.

From labels and probabilities alone, errors that go with the features can't be told from rows that are hard:
a classifier that is unsure explains both. A second one that errs elsewhere (the vote of the nearest rows)
can: where the two hardly ever differ, a label that both contradict is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

ROWS_A_STRATUM, STRATA = 100, 20  # at least so many rows in each, at most so many strata
FEWEST = 500  # rows that a second view must have seen
AS_GOOD = 1.5  # times as many labels as probabilities the vote may contradict, to be heard
LEVEL, BEND = 1.0, 0.35  # how far the log-odds of error move, and their slope, over a tenth of the rows


@dataclass(frozen=True)
class AgreedErrors:
    """Shares of wrong labels: the likeliest with its standard error; the least and the most that it may be.

    least: if the views err alike twice as often as they differ; most: if they never do.
    """

    rate: float
    spread: float
    least: float
    most: float


def vote_of(neighbour_labels: NDArray[np.integer], probs: NDArray[np.float32]) -> NDArray[np.int32]:
    """The commonest label (N,) of the nearest rows (N, k); the likelier by probs (N, K) of two as common."""
    rows = np.arange(len(probs))
    best, most = np.zeros(len(probs), np.int32), np.full(len(probs), -1.0)
    for label in np.asarray(neighbour_labels, np.int32).T:
        count = (neighbour_labels == label[:, None]).sum(axis=1) + probs[rows, label] / 2
        best, most = np.where(count > most, label, best), np.maximum(count, most)
    return best.astype(np.int32)


def worth_hearing(
    given: NDArray[np.int32], probs: NDArray[np.float32], vote: NDArray[np.int32], fewest: int = FEWEST
) -> bool:
    """Whether enough rows voted (n,), -1 where they didn't, and know the labels not far worse than probs."""
    asked = np.flatnonzero(vote >= 0)
    contradicted, voted = probs[asked].argmax(axis=1) != given[asked], vote[asked] != given[asked]
    return len(asked) >= fewest and bool(voted.mean() <= AS_GOOD * contradicted.mean() + 1 / len(asked))


def strata_of(probs: NDArray[np.float32]) -> NDArray[np.intp]:
    """Strata (N,) of as many rows each, the surest first, by how far the likeliest class is ahead."""
    top = np.partition(probs, -2, axis=1)[:, -2:]
    order = np.argsort(top[:, 0] - top[:, 1], kind="stable")
    count = int(np.clip(len(probs) // ROWS_A_STRATUM, 1, STRATA))
    strata = np.empty(len(probs), np.intp)
    strata[order] = np.arange(len(probs)) * count // len(probs)
    return strata


def agreed_errors(
    given: NDArray[np.int32], probs: NDArray[np.float32], seen: NDArray[np.int32]
) -> AgreedErrors:
    """Learn from a second view's classes (N,) how many of the labels given (N,) are wrong.

    In each stratum, of the rows on which the views agree, a share contradicts its label. Two classifiers err
    alike no more often than they differ: so between that share less as much as they differ, and all of it, is
    error. A smooth curve over the strata carries what is proven among sure rows on to unsure ones.
    """
    first, strata = probs.argmax(axis=1), strata_of(probs)
    rows = np.bincount(strata).astype(np.float64)
    agree = seen == first
    agreeing = np.maximum(np.bincount(strata, agree), 1.0)
    both = np.bincount(strata, agree & (first != given)) / agreeing
    alike = np.minimum((rows - np.bincount(strata, agree)) / agreeing, both)
    noise = (both * (1 - both) + 1 / agreeing) / agreeing
    odds, covariance = _curve(both - alike / 2, alike**2 / 12 + noise)
    curve = expit(odds)
    slope = curve * (1 - curve) * rows / rows.sum()
    return AgreedErrors(
        rate=float(curve @ rows / rows.sum()),
        spread=float(np.sqrt(slope @ covariance @ slope)),
        least=float(np.maximum(both - 2 * alike, 0) @ agreeing / rows.sum()),
        most=float(both @ rows / rows.sum()),
    )


def _curve(
    share: NDArray[np.float64], variance: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log-odds (S,) of shares known with a variance, and their covariance; smooth by two differences."""
    count = len(share)
    step = 10 / count
    stiff = 1e-3 * np.eye(count)
    for order, scale in ((1, LEVEL**2 * step), (2, (BEND * step) ** 2)):
        if count > order:
            differences = np.diff(np.eye(count), order, axis=0)
            stiff += differences.T @ differences / scale
    start = float(np.clip(np.average(share, weights=1 / variance), 0.003, 0.9))
    odds = np.full(count, logit(start))
    for _ in range(50):
        curve = expit(odds)
        bend = curve * (1 - curve)
        slope = bend * (share - curve) / variance - stiff @ odds + 1e-3 * logit(0.05)
        move = np.linalg.solve(np.diag(bend**2 / variance) + stiff, slope)
        odds = odds + np.clip(move, -1, 1)
        if np.abs(move).max() < 1e-4:
            break
    curve = expit(odds)
    information = np.diag((curve * (1 - curve)) ** 2 / variance) + stiff
    return odds, np.asarray(np.linalg.inv(information), np.float64)
