"""How well a model of annotators foretells votes on items that it has not seen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import logsumexp

from labelworks.tasks.methods.crowd.fit import Codes, Fit, Floats, summed
from labelworks.tasks.methods.crowd.votes import Votes

FOLDS = 3
CONFIDENCE = 0.975  # on either side


def heldout(votes: Votes, model: Callable[[Votes], Fit]) -> Floats:
    """Return the log-likelihood (V,) of each vote, given the other votes on its item.

    The model is fitted without the item. A vote that no item is left to learn from gets 0.
    """
    fold = folds(len(votes.items))
    logs = np.zeros(len(votes.item))
    for number in range(FOLDS):
        held = fold[votes.item] == number
        if held.any() and not held.all():
            logs[held] = _foretold(votes, held, model(votes.of_items(fold != number)))
    return logs


def folds(items: int) -> Codes:
    """Return the fold of each item (N,), by chance and the same each time."""
    return np.random.default_rng(0).permutation(items) % FOLDS


def _foretold(votes: Votes, held: NDArray[np.bool_], fit: Fit) -> Floats:
    """Return log P(vote | the other votes on its item) of the votes that are held (n,)."""
    if fit.answers is None:
        raise TypeError("the fit has no `answers`: it says nothing of items that it has not seen")
    item = votes.item[held]
    log_chance = np.log(fit.answers.given_state(votes.annotator[held], votes.answer[held]))
    joint = (summed(item, log_chance, len(votes.items)) + np.log(fit.answers.prior))[item]
    return np.asarray(logsumexp(joint, axis=1) - logsumexp(joint - log_chance, axis=1), np.float64)


def better(votes: Votes, gain: Floats) -> bool:
    """Whether votes (V,) are foretold better by more than the error, answers counting alike.

    Most votes are of the commonest answer, and foretelling that is knowing habits. Both the items and the
    annotators are a sample: votes on one item are alike, and those of one annotator (Cameron, Gelbach &
    Miller 2011). The quantile is Student's by the annotators, a few of whom often give most of the votes.
    """
    given = votes.answer_shares
    weight = 1 / (given[votes.answer] * (given > 0).sum())
    mean = float((gain * weight).mean())
    off = gain * weight - mean
    by_item, by_annotator = (float((np.bincount(of, off) ** 2).sum()) for of in (votes.item, votes.annotator))
    both = max(by_item + by_annotator - float((off**2).sum()), by_item, by_annotator)
    counted = votes.per_annotator
    freedom = max(counted.sum() ** 2 / (counted**2).sum() - 1, 0)
    if not freedom:
        return False
    return bool(mean > stats.t.ppf(CONFIDENCE, freedom) * np.sqrt(both) / len(gain))
