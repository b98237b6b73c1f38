"""What judges' answers say of given labels, where the judges may share their errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NOT_ASKED, UNREAD = -2, -1  # codes of answers beside those of the classes; K: none of these
OUTSIDE = 0.01  # P(a row is of none of the classes) before anybody is asked
RIGHT, WRONG = 4.0, 1.0  # answers that what is thought of a judge before counts for
ROUNDS = 20
SMALLEST = 1e-12  # P(class): no class is ruled out
DECIMALS = 9  # beyond them scores differ by how sums were rounded
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pooled:
    """Of rows (n,): P(the given label is right), the class that judges answer, P(that answer is right).

    answer: a code, K where they say none of the classes, -1 where there is no answer. accuracy (J,): how
    often a judge is right on such rows, as far as answers and posterior tell.
    """

    right: Floats
    answer: NDArray[np.int32]
    sure: Floats
    accuracy: Floats

    def taken(self, rows: NDArray[np.int64]) -> Pooled:
        """That of some of the rows, in their order."""
        return Pooled(self.right[rows], self.answer[rows], self.sure[rows], self.accuracy)


def pool(answers: NDArray[np.integer], judge: NDArray[np.integer], given: NDArray[np.integer],
         posterior: NDArray[np.floating]) -> Pooled:  # fmt: skip
    """Pool answers (n, V) by judges (V,) with the posterior (n, K) of the true class.

    answers: codes, K for none of the classes, NOT_ASKED or UNREAD. posterior: what its rows lack of 1 is of
    none of the K classes. Judges are averaged (a linear pool: Stone 1961; Genest & Zidek 1986), each as sure
    as it is accurate: however many say the same, they are no surer than one. Multiplied, as by Dawid & Skene
    (1979), errors that they share would count once for each of them. The posterior rests on other evidence
    and is multiplied.
    """
    rows, classes = posterior.shape
    known = np.clip(posterior, SMALLEST, 1.0).astype(np.float64) * (1.0 - OUTSIDE)
    prior = np.hstack([known, np.maximum(1.0 - known.sum(axis=1, keepdims=True), OUTSIDE)])
    shares, heard = _shares(answers, judge, classes + 1)
    accuracy = np.full(shares.shape[1], RIGHT / (RIGHT + WRONG))
    for _ in range(ROUNDS):
        said = _said(shares, heard, accuracy)
        belief = prior * said
        belief /= belief.sum(axis=1, keepdims=True)
        accuracy = _accuracy(shares, heard, belief)
    everyone = np.arange(rows)
    close = said >= said.max(axis=1, keepdims=True) - 10.0**-DECIMALS
    answer = np.where(heard.any(axis=1), np.where(close, belief, -1.0).argmax(axis=1), UNREAD)
    return Pooled(
        np.round(belief[everyone, given], DECIMALS),
        answer.astype(np.int32),
        np.round(belief[everyone, answer], DECIMALS),
        accuracy,
    )


def review_order(pooled: Pooled, ties: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Rows (n,) in the order in which people should look at them: the likeliest wrong label first.

    Of rows alike those first whose answer is surer, then by ties (n,), such as hashes of ids.
    """
    return np.lexsort((ties, -pooled.sure, pooled.right))


def _shares(
    answers: NDArray[np.integer], judge: NDArray[np.integer], outcomes: int
) -> tuple[Floats, NDArray[np.bool_]]:
    """Of each row and judge the shares (n, J, outcomes) of its votes, and whether it was heard (n, J)."""
    judges = int(judge.max()) + 1
    counts = np.zeros((len(answers), judges, outcomes))
    for vote, by in enumerate(judge):
        rows = np.flatnonzero(answers[:, vote] >= 0)
        counts[rows, by, answers[rows, vote]] += 1.0
    total = counts.sum(axis=2, keepdims=True)
    return counts / np.maximum(total, 1.0), total[:, :, 0] > 0


def _said(shares: Floats, heard: NDArray[np.bool_], accuracy: Floats) -> Floats:
    """The average (n, outcomes) of what the judges say; the same of all outcomes where none was heard."""
    outcomes = shares.shape[2]
    others = (1.0 - accuracy) / (outcomes - 1)
    by_judge = others[:, None] + (accuracy - others)[:, None] * shares
    judges = heard.sum(axis=1, keepdims=True)
    average: Floats = (by_judge * heard[:, :, None]).sum(axis=1) / np.maximum(judges, 1)
    average[judges[:, 0] == 0] = 1.0 / outcomes
    return average


def _accuracy(shares: Floats, heard: NDArray[np.bool_], belief: Floats) -> Floats:
    """How much of each judge's votes (J,) goes to what is believed."""
    right = np.einsum("njk,nk->j", shares, belief) + RIGHT
    return np.asarray(right / (heard.sum(axis=0) + RIGHT + WRONG))
