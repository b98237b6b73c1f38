"""What an aggregation method gives back, and the steps of expectation–maximisation that methods share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, logsumexp

from labelworks.tasks.methods.crowd.votes import Pairs, Votes

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class AnswerModel:
    """How annotators answer on any item, also on one that the model has not seen.

    prior (M,) of an item's states: its true class, with its difficulty where the model has such levels;
    given_state(annotator, answer), codes (n,) → P(answer | state) (n, M).
    """

    prior: Floats
    given_state: Callable[[Codes, Codes], Floats]


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted method.

    posterior (N, K) of the true class. answers: the model of the annotators, where there is one that needs
    nothing of an item but its votes. confusing (N,): the most confusing answer, and confusion (N,): how often
    a reliable annotator gives it, where the method itself estimates them.
    """

    posterior: Floats
    answers: AnswerModel | None = None
    confusing: Codes | None = None
    confusion: Floats | None = None


def shares(votes: Votes) -> Floats:
    """Return the share of each class among an item's votes (N, K); an item without votes gets everyone's."""
    # a trace of the overall shares breaks ties towards the commoner class, whatever the classes' order
    counted = votes.counts + 1e-9 * votes.answer_shares
    return np.asarray(counted / counted.sum(axis=1, keepdims=True))


def normalized(log_joint: Floats) -> Floats:
    """Return rows of log weights (N, M) as probabilities."""
    return np.asarray(np.exp(log_joint - logsumexp(log_joint, axis=1, keepdims=True)))


def converged(new: Floats, old: Floats, tolerance: float = 1e-5) -> bool:
    """Whether no posterior moved by more than the tolerance."""
    return bool(np.abs(new - old).max() < tolerance)


def summed(index: Codes, values: Floats, size: int) -> Floats:
    """Return the sums of rows of values (P, M) by index (P,), (size, M)."""
    columns = [np.bincount(index, column, minlength=size) for column in values.T]
    return np.asarray(np.stack(columns, axis=1), np.float64)


def own(pairs: Pairs, values: Floats) -> Floats:
    """Return each pair's value (P,) at the class that the pair answers, of values (P, K)."""
    return np.asarray(values[np.arange(len(pairs.answer)), pairs.answer])


def spread(pairs: Pairs, other: Floats, right: Floats, classes: int) -> Floats:
    """Return (P, K): `right` (P,) where the pair's answer is the class, `other` (P,) elsewhere."""
    table = np.repeat(other[:, None], classes, axis=1)
    table[np.arange(len(pairs.answer)), pairs.answer] = right
    return np.asarray(table)


def fitted_dirichlet(answer: Codes, counts: Floats, totals: Floats, alpha: Floats) -> Floats:
    """Return alpha (A answers, K classes) after a few steps towards the annotators' marginal likelihood.

    counts (P, K) expected of an annotator's answer (P,), totals (W, K) over answers. Minka's fixed point
    (2000) for the Dirichlet–multinomial, under a weak Gamma(1.5, 0.5) prior that keeps classes with hardly a
    vote finite.
    """
    shape, rate = 1.5, 0.5
    for _ in range(3):
        gained = digamma(counts + alpha[answer]) - digamma(alpha[answer])
        above = summed(answer, gained, len(alpha))
        whole = alpha.sum(axis=0)
        below = (digamma(totals + whole) - digamma(whole)).sum(axis=0)
        alpha = np.clip((alpha * above + shape - 1) / (below + rate), 1e-3, 1e4)
    return alpha
