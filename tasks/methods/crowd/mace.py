"""MACE: each annotator knows or guesses."""

from __future__ import annotations

import numpy as np
from scipy.special import digamma

from labelworks.tasks.methods.crowd.fit import Fit, Floats, converged, normalized, own, shares, spread
from labelworks.tasks.methods.crowd.votes import Votes
from labelworks.tasks.methods.registry import register

ITERATIONS = 100
TRUST_PRIOR = 0.5  # of Beta(0.5, 0.5), as in the paper
GUESS_PRIOR = 10.0  # of the symmetric Dirichlet, as in the paper


@register("crowd", "mace", source="Hovy, Berg-Kirkpatrick, Vaswani & Hovy 2013")
def mace(votes: Votes) -> Fit:
    """An annotator knows the answer or guesses by a habit of their own; variational Bayes.

    posterior (N, K) under a uniform prior of the classes. Starts from even odds of knowing and even guesses,
    so it is deterministic where the paper restarts at random.
    """
    _, annotators, classes = votes.shape
    pairs, posterior = votes.pairs, shares(votes)
    who = pairs.annotator
    know = np.full(annotators, 0.5)
    guess = np.full((annotators, classes), 0.5 / classes)
    for step in range(ITERATIONS):
        by_guess = guess[who, pairs.answer]
        given_class = spread(pairs, by_guess, by_guess + know[who], classes)
        before, posterior = posterior, normalized(pairs.matrix @ np.log(given_class))
        if step and converged(posterior, before):
            break
        right = own(pairs, pairs.transposed @ posterior)
        knew = right * know[who] / (by_guess + know[who])
        know, guess = _maximized(votes, knew)
    return Fit(posterior)


def _maximized(votes: Votes, knew: Floats) -> tuple[Floats, Floats]:
    """Return the weights of knowing (W,) and of each guess (W, K): exp of their expected logarithms."""
    _, annotators, classes = votes.shape
    pairs = votes.pairs
    known = np.bincount(pairs.annotator, knew, minlength=annotators)
    habit = np.full((annotators, classes), GUESS_PRIOR)
    habit[pairs.annotator, pairs.answer] += pairs.votes - knew
    guessed = votes.per_annotator - known
    either = digamma(votes.per_annotator + 2 * TRUST_PRIOR)
    trust = np.exp(digamma(known + TRUST_PRIOR) - either)
    spam = np.exp(digamma(guessed + TRUST_PRIOR) - either)
    shape = np.exp(digamma(habit) - digamma(habit.sum(axis=1, keepdims=True)))
    return trust, spam[:, None] * shape
