"""GLAD: ability of annotators, difficulty of items."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, log_expit

from labelworks.tasks.methods.crowd.fit import Fit, Floats, converged, normalized, shares
from labelworks.tasks.methods.crowd.votes import Votes
from labelworks.tasks.methods.registry import register

ITERATIONS = 60
NEWTON_STEPS = 8


@register("crowd", "glad", source="Whitehill, Ruvolo, Wu, Bergsma & Movellan 2009")
def glad(votes: Votes) -> Fit:
    """A vote is right with probability σ(αβ): ability α of the annotator, inverse difficulty β of the item.

    posterior (N, K) under a uniform prior of the classes; α ~ N(1, 1), log β ~ N(0, 1). The maximisation
    alternates Newton steps in α and log β, which are diagonal, where the paper climbs the gradient.
    """
    items, annotators, classes = votes.shape
    posterior = shares(votes)
    ability, log_ease = np.ones(annotators), np.zeros(items)
    for _ in range(ITERATIONS):
        ability, log_ease = _maximized(votes, posterior, ability, log_ease)
        logit = ability[votes.annotator] * np.exp(log_ease)[votes.item]
        right, wrong = log_expit(logit), log_expit(-logit) - np.log(max(classes - 1, 1))
        cell = votes.item * classes + votes.answer
        gained = np.bincount(cell, right - wrong, minlength=items * classes)
        before, posterior = posterior, normalized(np.asarray(gained.reshape(items, classes), np.float64))
        if converged(posterior, before):
            break
    return Fit(posterior)


def _maximized(votes: Votes, posterior: Floats, ability: Floats, log_ease: Floats) -> tuple[Floats, Floats]:
    """Return ability (W,) and log ease (N,) after Newton steps, each clipped to 1 so that none overshoots."""
    who, what = votes.annotator, votes.item
    right = posterior[what, votes.answer]
    for _ in range(NEWTON_STEPS):
        ease = np.exp(log_ease)[what]
        chance = expit(ability[who] * ease)
        slope = np.bincount(who, (right - chance) * ease, minlength=len(ability)) - (ability - 1)
        bend = np.bincount(who, chance * (1 - chance) * ease**2, minlength=len(ability)) + 1
        ability = ability + np.clip(slope / bend, -1, 1)
        logit = ability[who] * ease
        chance = expit(logit)
        slope = np.bincount(what, (right - chance) * logit, minlength=len(log_ease)) - log_ease
        bend = np.bincount(what, chance * (1 - chance) * logit**2, minlength=len(log_ease)) + 1
        log_ease = log_ease + np.clip(slope / bend, -1, 1)
    return ability, log_ease
