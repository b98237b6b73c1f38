"""TopTwo: the answer and its most confusing rival."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from labelworks.tasks.methods.crowd.fit import Codes, Fit, Floats
from labelworks.tasks.methods.crowd.votes import Votes
from labelworks.tasks.methods.registry import register

ITERATIONS = 50
HALVINGS = 30


@register("crowd", "top-two", source="Jeong & Chung 2023")
def top_two(votes: Votes) -> Fit:
    """The two most plausible answers of each item and how they are confused.

    A reliable annotator gives one of an item's two plausible answers, the true one with probability q ≥ ½;
    another one answers at random. Stage one: reliability and the two answers, from the rank-one part of the
    votes, each answer against the rest. Stage two: which of the two is true, and q, by maximum likelihood.

    posterior (N, K), on two classes; `confusing` (N,) the rival, `confusion` (N,) = 1 - q, in [0, ½].
    """
    items, _, classes = votes.shape
    reliability, plausible = _rank_one(votes)
    pair = np.argsort(-plausible, axis=1, kind="stable")[:, :2]
    one, two = pair[:, 0], pair[:, -1]
    share = _confusion(votes, reliability, one, two)
    gain = _log_likelihood(votes, reliability, one, two, share)
    gain -= _log_likelihood(votes, reliability, one, two, 1 - share)
    # the likelihood names q or 1 - q alike; q ≥ ½ tells which answer is the true one
    first = np.where(share == 0.5, 0.5, expit(np.where(share > 0.5, gain, -gain)))
    posterior = np.zeros((items, classes))
    np.add.at(posterior, (np.arange(items), one), first)
    np.add.at(posterior, (np.arange(items), two), 1 - first)
    rival = np.where(first >= 0.5, two, one)
    return Fit(posterior, confusing=rival, confusion=np.minimum(share, 1 - share))


def _rank_one(votes: Votes) -> tuple[Floats, Floats]:
    """Return reliability (W,) and each answer's plausibility less 1/K (N, K).

    The vote less 1/K has the mean reliability × plausibility; the power iteration weighs by the votes there
    are, which a decomposition of the matrix filled with zeros would not.
    """
    items, annotators, classes = votes.shape
    reliability = np.ones(annotators)
    for _ in range(ITERATIONS):
        weight = reliability[votes.annotator]
        cell = votes.item * classes + votes.answer
        per_item = np.bincount(votes.item, weight, minlength=items)[:, None]
        sums = np.bincount(cell, weight, minlength=items * classes).reshape(items, classes)
        centred = sums - per_item / classes
        squares = np.bincount(votes.item, weight**2, minlength=items)
        plausible = centred / np.maximum(squares, 1e-12)[:, None]
        own = plausible[votes.item, votes.answer] - plausible[votes.item].mean(axis=1)
        size = (plausible**2).sum(axis=1)[votes.item]
        above = np.bincount(votes.annotator, own, minlength=annotators)
        below = np.bincount(votes.annotator, size, minlength=annotators)
        before, reliability = reliability, np.clip(above / np.maximum(below, 1e-12), 0.01, 0.99)
        if np.abs(reliability - before).max() < 1e-6:
            break
    return reliability, plausible


def _confusion(votes: Votes, reliability: Floats, one: Codes, two: Codes) -> Floats:
    """Return the likeliest share of the first of the two answers (N,): its score halved down to a root."""
    low, high = np.zeros(len(one)), np.ones(len(one))
    r = reliability[votes.annotator]
    noise = (1 - r) / len(votes.classes)
    is_one, is_two = votes.answer == one[votes.item], votes.answer == two[votes.item]
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        share = middle[votes.item]
        slope = is_one * r / (r * share + noise) - is_two * r / (r * (1 - share) + noise)
        rising = np.bincount(votes.item, slope, minlength=len(one))
        low, high = np.where(rising > 0, middle, low), np.where(rising < 0, middle, high)
        even = rising == 0
        low, high = np.where(even, middle, low), np.where(even, middle, high)
    return np.asarray((low + high) / 2)


def _log_likelihood(votes: Votes, reliability: Floats, one: Codes, two: Codes, share: Floats) -> Floats:
    """Return the log-likelihood of each item's votes (N,)."""
    r = reliability[votes.annotator]
    q = share[votes.item]
    likely = q * (votes.answer == one[votes.item]) + (1 - q) * (votes.answer == two[votes.item])
    logs = np.log(r * likely + (1 - r) / len(votes.classes))
    return np.asarray(np.bincount(votes.item, logs, minlength=len(one)), np.float64)
