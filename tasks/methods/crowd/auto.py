"""auto: the simplest model that no richer one beats on held-out items, pooled with the votes themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from labelworks.tasks.methods.crowd.crowdlab import crowdlab
from labelworks.tasks.methods.crowd.fit import Fit, Floats, shares
from labelworks.tasks.methods.crowd.heldout import better, heldout
from labelworks.tasks.methods.crowd.hierarchical import hierarchical
from labelworks.tasks.methods.crowd.one_coin import one_coin
from labelworks.tasks.methods.crowd.votes import Votes
from labelworks.tasks.methods.registry import register

Model = Callable[[Votes], Fit]
# by their parameters: an accuracy for each annotator, a confusion matrix for each
MODELS: tuple[Model, ...] = (one_coin, hierarchical)
MOVED = 0.2  # of the items at most, from the classes that votes name to others: beyond, a model ran off
MODEL_SHARE = 2 / 3  # of the pool; no model of annotators is true, and the shares of the votes assume nothing


@register(
    "crowd",
    "auto",
    uses=("pred_probs",),
    source="linear opinion pool, Stone 1961; held-out votes, errors by item and annotator, Cameron 2011",
)
def auto(votes: Votes, pred_probs: Any = None) -> Fit:
    """The simplest model of annotators that no richer one beats, averaged with the votes' shares.

    posterior (N, K). A model with more parameters has to foretell the votes on held-out items better by more
    than the error of that. Votes alone don't tell a rare class that annotators often name from a common one
    that they often miss: a model whose classes are far from what votes name isn't believed, and where none
    is, the shares stand alone. With pred_probs (N, K), the model is one more annotator, and CROWDLAB's
    average takes the place of the shares.
    """
    given = votes if pred_probs is None else _with_model(votes, pred_probs)
    plain = shares(votes) if pred_probs is None else crowdlab(votes, pred_probs).posterior
    fits = {model: model(given).posterior for model in MODELS}
    believed = [model for model in MODELS if moved(given, fits[model]) <= MOVED]
    if not believed:
        return Fit(plain)
    return Fit(MODEL_SHARE * fits[chosen(given, believed)] + (1 - MODEL_SHARE) * plain)


def moved(votes: Votes, posterior: Floats) -> float:
    """Return the share of the items that a posterior (N, K) takes from the classes that votes name."""
    return float(np.abs(posterior.mean(axis=0) - shares(votes).mean(axis=0)).sum() / 2)


def chosen(votes: Votes, models: Sequence[Model] = MODELS) -> Model:
    """Return the first of the models that no later one beats on held-out items."""
    best, *others = models
    if not others:
        return best
    foretold = heldout(votes, best)
    for richer in others:
        there = heldout(votes, richer)
        if better(votes, there - foretold):
            best, foretold = richer, there
    return best


def _with_model(votes: Votes, pred_probs: Any) -> Votes:
    """Return the votes with those of the model, which names its likeliest class on every item."""
    items, annotators, _ = votes.shape
    return Votes(
        np.concatenate([votes.item, np.arange(items)]),
        np.concatenate([votes.annotator, np.full(items, annotators)]),
        np.concatenate([votes.answer, np.asarray(pred_probs).argmax(axis=1)]),
        votes.items,
        np.append(votes.annotators.astype(object), "pred_probs"),
        votes.classes,
    )
