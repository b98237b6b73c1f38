"""One coin: each annotator is right with one probability, errors spread evenly."""

from __future__ import annotations

import numpy as np
from scipy.special import digamma

from labelworks.tasks.methods.crowd.fit import (
    AnswerModel,
    Codes,
    Fit,
    Floats,
    converged,
    fitted_dirichlet,
    normalized,
    own,
    shares,
    spread,
)
from labelworks.tasks.methods.crowd.votes import Pairs, Votes
from labelworks.tasks.methods.registry import register

ITERATIONS = 150
TOLERANCE = 1e-4


@register("crowd", "one-coin", source="Zhang, Chen, Zhou & Jordan 2014; Liu, Peng & Ihler 2012")
def one_coin(votes: Votes) -> Fit:
    """One accuracy for each annotator, the same for all classes, drawn from a Beta that is learned with them.

    posterior (N, K). The few votes of an annotator are completed by how right annotators are in general
    (variational Bayes).
    """
    pairs, posterior = votes.pairs, shares(votes)
    alpha, others = np.array([[2.0], [1.0]]), max(len(votes.classes) - 1, 1)
    for step in range(ITERATIONS):
        votes_by = _right_and_wrong(pairs, posterior, votes.per_annotator)
        alpha = _fitted(votes_by, alpha) if step else alpha
        either = digamma((votes_by + alpha).sum(axis=0))
        right, wrong = np.exp(digamma(votes_by + alpha) - either)
        who = pairs.annotator
        given_class = spread(pairs, wrong[who] / others, right[who], len(votes.classes))
        prior = (posterior.sum(axis=0) + 1) / (posterior.sum() + len(votes.classes))
        before, posterior = posterior, normalized(np.log(prior) + pairs.matrix @ np.log(given_class))
        if converged(posterior, before, TOLERANCE):
            break
    accuracy = (votes_by[0] + alpha[0]) / (votes_by + alpha).sum(axis=0)

    def given_state(annotator: Codes, answer: Codes) -> Floats:
        table = np.repeat(((1 - accuracy) / others)[annotator][:, None], len(prior), axis=1)
        table[np.arange(len(answer)), answer] = accuracy[annotator]
        return np.asarray(table)

    return Fit(posterior, AnswerModel(prior, given_state))


def _right_and_wrong(pairs: Pairs, posterior: Floats, counted: Floats) -> Floats:
    """Return how many votes of each annotator are right and how many wrong, as expected (2, W)."""
    right = np.bincount(pairs.annotator, own(pairs, pairs.transposed @ posterior), minlength=len(counted))
    return np.stack([right, np.maximum(counted - right, 0)])


def _fitted(votes_by: Floats, alpha: Floats) -> Floats:
    """Return the parameters (2, 1) of the accuracies' Beta, a few steps on."""
    answer = np.repeat([0, 1], votes_by.shape[1])
    return fitted_dirichlet(answer, votes_by.reshape(-1, 1), votes_by.sum(axis=0)[:, None], alpha)
