"""Dawid–Skene: a confusion matrix per annotator."""

from __future__ import annotations

import numpy as np

from labelworks.tasks.methods.crowd.fit import Fit, converged, normalized, shares, summed
from labelworks.tasks.methods.crowd.votes import Votes
from labelworks.tasks.methods.registry import register

ITERATIONS = 100
SMOOTHING = 0.01  # of a vote, so that an answer never given is unlikely, not impossible


@register("crowd", "dawid-skene", source="Dawid & Skene 1979")
def dawid_skene(votes: Votes) -> Fit:
    """A confusion matrix for each annotator and the classes' prior, by expectation–maximisation.

    posterior (N, K). Starts from the shares of the votes; maximum likelihood but for a trace of smoothing.
    """
    items, annotators, classes = votes.shape
    pairs, posterior = votes.pairs, shares(votes)
    for _ in range(ITERATIONS):
        counts = pairs.transposed @ posterior + SMOOTHING
        totals = summed(pairs.annotator, counts - SMOOTHING, annotators) + SMOOTHING * classes
        given_class = counts / totals[pairs.annotator]
        prior = (posterior.sum(axis=0) + SMOOTHING) / (items + SMOOTHING * classes)
        before, posterior = posterior, normalized(np.log(prior) + pairs.matrix @ np.log(given_class))
        if converged(posterior, before):
            break
    return Fit(posterior)
