"""auto: the models that foretell held-out votes best, pooled with the votes themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.crowd.crowdlab import crowdlab
from labelworks.tasks.methods.crowd.difficulty import difficulty
from labelworks.tasks.methods.crowd.fit import Fit, shares
from labelworks.tasks.methods.crowd.hierarchical import hierarchical
from labelworks.tasks.methods.crowd.mace import mace
from labelworks.tasks.methods.crowd.votes import Votes
from labelworks.tasks.methods.registry import register

Model = Callable[[Votes], Fit]
# one-coin and GLAD know no bias towards a class: they may foretell votes well and the truth badly
CANDIDATES: tuple[Model, ...] = (hierarchical, difficulty, mace)
FOLDS = 3
POOLED = 2


@register(
    "crowd",
    "auto",
    uses=("pred_probs",),
    source="linear opinion pool, Stone 1961; chosen by held-out likelihood",
)
def auto(votes: Votes, pred_probs: Any = None) -> Fit:
    """The two models that foretell held-out votes best, averaged with the votes' shares.

    posterior (N, K). Each model errs where its assumptions do; the shares assume nothing. With pred_probs
    (N, K), the model is one more annotator, and CROWDLAB's average takes the place of the shares.
    """
    given = votes if pred_probs is None else _with_model(votes, pred_probs)
    scores = [heldout_likelihood(given, model) for model in CANDIDATES]
    chosen = [CANDIDATES[place](given) for place in np.argsort(scores)[::-1][:POOLED]]
    plain = shares(votes) if pred_probs is None else crowdlab(votes, pred_probs).posterior
    members = [*(fit.posterior for fit in chosen), plain]
    return Fit(np.mean(members, axis=0), chosen[0].foretell)


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


def heldout_likelihood(votes: Votes, model: Model) -> float:
    """Return the mean log-likelihood of votes that the model has not seen, over three folds."""
    fold = folds(votes)
    logs = np.zeros(len(fold))
    for held in (fold == number for number in range(FOLDS)):
        if held.all() or not held.any():
            continue
        fit = model(votes.subset(~held))
        chance = fit.foretell(votes.item[held], votes.annotator[held], votes.answer[held])
        logs[held] = np.log(np.maximum(chance, 1e-12))
    return float(logs.mean())


def folds(votes: Votes) -> NDArray[np.int64]:
    """Return the fold of each vote (V,): an item's votes in turn, starting elsewhere on each item.

    So every item and every annotator keeps most votes, also where all annotators answered all items.
    """
    order = np.lexsort((votes.annotator, votes.item))
    item = votes.item[order]
    turn = np.arange(len(order)) - np.searchsorted(item, item)
    fold = np.empty(len(order), np.int64)
    fold[order] = (turn + item) % FOLDS
    return fold
