"""How often people are right, by the rows that several answered or one twice; and the classes after it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RIGHT = 0.95  # of a person's answers, before anything is known of them
LOOKS = 10.0  # rows that this is worth: as many repeats count for as much
BELIEVED = 0.9  # of what scores say of a row, beside a person who looked at it: errors go with features
NONE = 0.01  # P(a row is of none of the classes) before an answer; where it was taken for such, a half
STEPS, CLOSE = 50, 1e-6


@dataclass(frozen=True, eq=False)
class Answers:
    """A answers about rows (n,) of K classes, by R people.

    row, reviewer (A,): whose each is; named (A, K + 1): the classes it names, the last is none of them.
    """

    row: NDArray[np.int64]
    reviewer: NDArray[np.int64]
    named: NDArray[np.bool_]

    @property
    def repeated(self) -> NDArray[np.bool_]:
        """Answers (A,) about rows that were answered more than once."""
        return np.asarray(np.bincount(self.row)[self.row] > 1)

    def by_row(self, rows: int) -> NDArray[np.bool_]:
        """What any answer to each row names (rows, K + 1)."""
        answered = np.zeros((rows, self.named.shape[1]), bool)
        np.logical_or.at(answered, self.row, self.named)
        return answered


def prior_of(posterior: NDArray[np.floating], outside: NDArray[np.bool_] | np.bool_ = np.False_) -> Floats:
    """What is believed of rows before people answer (n, K + 1), by posteriors (n, K).

    A score is never surer than BELIEVED: the rest is shared by all classes, and by none of them.
    """
    known = np.asarray(posterior, np.float64)
    known = known / np.maximum(known.sum(axis=1, keepdims=True), 1e-300)
    none = np.broadcast_to(np.where(outside, 0.5, NONE), len(known))[:, None]
    whole = np.concatenate([known * (1 - none), none], axis=1)
    return np.asarray(BELIEVED * whole + (1 - BELIEVED) / whole.shape[1])


def accuracies(answers: Answers, prior: Floats, reviewers: int) -> Floats:
    """How often each person (R,) is right, by the rows that were answered more than once.

    Errors fall on any other class alike, independent of other answers: one accuracy a person, by EM, with a
    Beta prior (Dawid & Skene 1979, of one coin). Who repeats nothing keeps RIGHT.
    """
    some = answers.repeated
    again = Answers(answers.row[some], answers.reviewer[some], answers.named[some])
    accuracy = np.full(reviewers, RIGHT)
    count = np.bincount(again.reviewer, minlength=reviewers)
    for _ in range(STEPS if some.any() else 0):
        posterior = after(again, prior, accuracy)
        right = (posterior[again.row] * again.named).sum(axis=1)
        hits = np.bincount(again.reviewer, right, reviewers)
        before, accuracy = accuracy, (hits + LOOKS * RIGHT) / (count + LOOKS)
        if np.abs(accuracy - before).max() < CLOSE:
            break
    return np.asarray(accuracy, np.float64)


def after(answers: Answers, prior: Floats, accuracy: Floats) -> Floats:
    """The classes of rows (n, K + 1) after the answers, by the prior (n, K + 1) and accuracies (R,).

    An answer of several classes says that one of them is right. Bayes, answers independent of each other.
    """
    named, outcomes = answers.named, answers.named.shape[1]
    right = accuracy[answers.reviewer][:, None]
    inside = named.sum(axis=1, keepdims=True)
    other = (1 - right) / np.maximum(outcomes - inside, 1)
    said = np.log(np.where(named, right / np.maximum(inside, 1), other) + 1e-300)
    odds = np.log(prior)
    np.add.at(odds, answers.row, said)
    odds -= odds.max(axis=1, keepdims=True)
    posterior = np.exp(odds)
    return np.asarray(posterior / posterior.sum(axis=1, keepdims=True))
