"""Aggregation: from many answers to one label an item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.crowd.agreement import Agreement
from labelworks.tasks.methods.crowd.fit import Fit, shares
from labelworks.tasks.methods.crowd.votes import Votes
from labelworks.tasks.methods.probabilities import unusable


@dataclass(frozen=True, eq=False)
class CrowdResult:
    """Labels of N items over K classes, from W annotators.

    labels (N,) of classes (K,), in the order of items (N,); posterior (N, K) float32 of the true class;
    quality (W,) float32 in [0, 1], in the order of annotators (W,): the mean posterior of what an annotator
    answered; confusing (N,) int32 code of the most confusing answer, -1 where there is none; confusion (N,)
    float32 in [0, 1/2]: how often a reliable annotator gives that answer, NaN where the method doesn't say or
    nobody gave it; alpha and kappa: Krippendorff's and Fleiss', NaN where undefined.
    """

    items: NDArray[Any]
    annotators: NDArray[Any]
    classes: NDArray[Any]
    labels: NDArray[Any]
    posterior: NDArray[np.float32]
    quality: NDArray[np.float32]
    confusing: NDArray[np.int32]
    confusion: NDArray[np.float32]
    alpha: float
    kappa: float
    method: str


def aggregate(votes: Any, *, pred_probs: Any = None, method: str = "auto") -> CrowdResult:
    """Aggregate votes into one label an item.

    votes: Votes, or a pyarrow or pandas table with the columns item, annotator (or worker), label. pred_probs
    (N, K): a model's, in the order of the sorted items and classes. Raises InputError where the votes or
    probabilities can't be used, or a method that needs pred_probs gets none; ConfigError where there is no
    such method.
    """
    given = votes if isinstance(votes, Votes) else Votes.from_table(votes)
    fit = _fitted(given, pred_probs, method)
    weight = fit.posterior[given.item, given.answer]
    trusted = np.bincount(given.annotator, weight, minlength=len(given.annotators))
    best = fit.posterior.argmax(axis=1)
    confusing, agreement = _confusing(given, fit, best), Agreement.of(given)
    confusion = np.full(len(best), np.nan) if fit.confusion is None else fit.confusion
    return CrowdResult(
        items=given.items,
        annotators=given.annotators,
        classes=given.classes,
        labels=given.classes[best],
        posterior=fit.posterior.astype(np.float32),
        quality=(trusted / np.maximum(given.per_annotator, 1)).astype(np.float32),
        confusing=confusing,
        confusion=np.where(confusing >= 0, confusion, np.nan).astype(np.float32),
        alpha=agreement.krippendorff_alpha,
        kappa=agreement.fleiss_kappa,
        method=method,
    )


def _fitted(votes: Votes, pred_probs: Any, method: str) -> Fit:
    chosen = registry.get("crowd", method)
    probs = None if pred_probs is None else _checked(votes, pred_probs)
    if "pred_probs" in chosen.needs and probs is None:
        raise InputError(f"{method} needs pred_probs", fix="give out-of-sample probabilities, or take auto")
    if probs is not None and "pred_probs" in (*chosen.needs, *chosen.uses):
        fit: Fit = chosen.target(votes, probs)
    else:
        fit = chosen.target(votes)
    return fit


def _confusing(votes: Votes, fit: Fit, best: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the likeliest other answer that somebody gave (N,), the more voted one first; -1 if none."""
    rows = np.arange(len(best))
    if fit.confusing is not None:
        given = (votes.counts[rows, fit.confusing] > 0) & (fit.confusing != best)
        return np.where(given, fit.confusing, -1).astype(np.int32)
    rivals = np.where(votes.counts > 0, votes.counts + shares(votes) * fit.posterior, -1)
    rivals[rows, best] = -1
    rival = rivals.argmax(axis=1)
    return np.where(rivals[rows, rival] > 0, rival, -1).astype(np.int32)


def _checked(votes: Votes, pred_probs: Any) -> NDArray[np.float64]:
    probs = np.asarray(pred_probs, np.float64)
    items, _, classes = votes.shape
    if probs.shape != (items, classes):
        raise InputError(f"pred_probs has the shape {probs.shape}, the votes are {(items, classes)}")
    bad, _ = unusable(probs)
    if bad.any():
        row = int(bad.argmax())
        raise InputError("pred_probs are not probabilities that sum to 1", where=f"row {row}")
    return probs
