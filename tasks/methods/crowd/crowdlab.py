"""CROWDLAB: votes and a model's probabilities, weighed by how good each is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.crowd.fit import Codes, Fit, Floats, shares
from labelworks.tasks.methods.crowd.votes import Votes
from labelworks.tasks.methods.registry import register

FLOOR = 1e-6


@register("crowd", "crowdlab", needs=("pred_probs",), source="Goh, Tkachenko & Mueller 2022")
def crowdlab(votes: Votes, pred_probs: Any) -> Fit:
    """The average of the model's probabilities and of one opinion per vote, weighed by their agreement.

    pred_probs (N, K) out-of-sample, in the order of votes.items and votes.classes. posterior (N, K).
    """
    model = np.asarray(pred_probs, np.float64)
    classes = len(votes.classes)
    several = votes.counts.sum(axis=1) > 1
    consensus = _consensus(votes, model)
    voters, model_weight = _weights(votes, model, consensus, several)
    right = _agreed(votes, several)
    opinion = (1 - right) / max(classes - 1, 1)
    weight = voters[votes.annotator]
    cell = votes.item * classes + votes.answer
    size = len(model) * classes
    on_answer = np.bincount(cell, weight * (right - opinion), minlength=size).reshape(-1, classes)
    per_item = np.bincount(votes.item, weight, minlength=len(model))[:, None]
    pooled = model_weight * model + on_answer + per_item * opinion
    posterior = pooled / (model_weight + per_item)
    return Fit(posterior / posterior.sum(axis=1, keepdims=True))


def _consensus(votes: Votes, model: Floats) -> Codes:
    """Return the majority's class (N,), ties settled by the model."""
    return np.asarray((shares(votes) + 1e-6 * model).argmax(axis=1), np.int64)


def _agreed(votes: Votes, several: NDArray[np.bool_]) -> float:
    """Return the mean probability that a vote agrees with the consensus, over items with several votes."""
    if not several.any():
        return 1 - FLOOR
    top = shares(votes)[several].max(axis=1)
    return float(np.clip(top.mean(), FLOOR, 1 - FLOOR))


def _weights(
    votes: Votes,
    model: Floats,
    consensus: Codes,
    several: NDArray[np.bool_],
) -> tuple[Floats, float]:
    """Return the weight of each annotator (W,) and of the model.

    1 - error / error of always saying the commonest class; an annotator's error is their disagreement with
    the others on the same item, the model's that with the consensus, times √(votes an item).
    """
    counted = votes.counts.sum(axis=1)
    seen = several if several.any() else np.ones(len(counted), bool)
    worst = max(1 - float((consensus[seen] == np.bincount(consensus[seen]).argmax()).mean()), FLOOR)
    keep = several[votes.item]
    who, item = votes.annotator[keep], votes.item[keep]
    others = counted[item] - 1
    same = votes.counts[item, votes.answer[keep]] - 1
    size = len(votes.annotators)
    pairs = np.bincount(who, others, minlength=size)
    mean = same.sum() / max(others.sum(), 1)
    agreement = np.where(pairs > 0, np.bincount(who, same, minlength=size) / np.maximum(pairs, 1), mean)
    weights = np.maximum(1 - (1 - agreement) / worst, FLOOR)
    accuracy = float((model[seen].argmax(axis=1) == consensus[seen]).mean())
    of_model = max(1 - (1 - accuracy) / worst, FLOOR) * np.sqrt(counted.mean())
    return np.asarray(weights), float(of_model)
