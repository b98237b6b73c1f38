"""One coin: each annotator is right with one probability, errors spread evenly."""

from __future__ import annotations

import numpy as np

from labelworks.tasks.methods.crowd.fit import Fit, by_confusion, converged, normalized, own, shares, spread
from labelworks.tasks.methods.crowd.votes import Votes
from labelworks.tasks.methods.registry import register

ITERATIONS = 200


@register("crowd", "one-coin", source="Zhang, Chen, Zhou & Jordan 2014")
def one_coin(votes: Votes) -> Fit:
    """One accuracy for each annotator, the same for all classes, by expectation–maximisation.

    posterior (N, K). An accuracy is smoothed by one right and one wrong vote.
    """
    items, annotators, classes = votes.shape
    pairs, posterior = votes.pairs, shares(votes)
    others = max(classes - 1, 1)
    for _ in range(ITERATIONS):
        right = np.bincount(pairs.annotator, own(pairs, pairs.transposed @ posterior), minlength=annotators)
        accuracy = (right + 1) / (votes.per_annotator + 2)
        wrong = ((1 - accuracy) / others)[pairs.annotator]
        given_class = spread(pairs, wrong, accuracy[pairs.annotator], classes)
        prior = (posterior.sum(axis=0) + 0.01) / (items + 0.01 * classes)
        before, posterior = posterior, normalized(np.log(prior) + pairs.matrix @ np.log(given_class))
        if converged(posterior, before):
            break
    diagonal = np.eye(classes, dtype=bool)
    unseen = np.where(diagonal, accuracy[:, None, None], ((1 - accuracy) / others)[:, None, None])
    return by_confusion(posterior, pairs, given_class, unseen)
