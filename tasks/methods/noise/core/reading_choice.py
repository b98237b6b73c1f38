"""How probabilities are read: by the likelihood of labels, and by what sure rows and neighbours prove."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from labelworks.tasks.methods.noise.core.second_view import (
    AgreedErrors,
    agreed_errors,
    strata_of,
    worth_hearing,
)
from labelworks.tasks.methods.noise.core.sharpening import anchored, sharpened_to
from labelworks.tasks.methods.noise.core.transition_em import NoisyLabels, log_of
from labelworks.tasks.methods.noise.core.uniform_view import with_uniform
from labelworks.tasks.methods.noise.core.views import View, fit_views, plain_view, reading

SHARPER = 2.0  # times the weight of the others, for a sharper reading: what it says alone is no certainty
TILT = 0.03  # by which errors may lean to unsure rows, and flips still stand for them
PROVEN = 3.0  # standard errors by which neighbours contradict the likelihood before most of them are believed


@dataclass(frozen=True)
class ReadingChoice:
    """Views to read by; the rate by the first ones alone; what neighbours prove, if they were heard.

    steady: whether errors are as common among sure rows as among unsure ones, as labels flipped from class
    to class would be.
    """

    views: list[View]
    first_rate: float
    agreed: AgreedErrors | None
    steady: bool


def choose_views(
    labels: NDArray[np.int32], probs: NDArray[np.float32], vote: NDArray[np.int32]
) -> ReadingChoice:
    """Choose by rows from `sorted_order`: labels (N,), probs (N, K), vote (N,) of the nearest, -1: not asked.

    What the views leave open is not decided: the plain reading, sharper ones and one that knows of no class
    that is oftener mistaken than others are averaged.
    """
    data = NoisyLabels(labels, log_of(probs))
    plain = plain_view(data)
    views = fit_views(data, probs, plain)
    error = expit(-reading(views, labels, probs).odds.astype(np.float64))
    first = float(error.mean())
    agreed = _heard(labels, probs, vote)
    if agreed is not None:
        sharper = _proven(data, plain, probs, first, agreed)
    else:  # where clusters were recovered, what the classifier doubts is no matter
        sharper = None if views[0] is not plain else anchored(data, plain, probs)
    if sharper is not None:
        views = [*views, replace(sharper, weight=SHARPER * len(views))]
    steady = sharper is None and _steady(error, strata_of(probs))
    return ReadingChoice(with_uniform(views, labels, probs), first, agreed, steady)


def _steady(error: NDArray[np.float64], strata: NDArray[np.intp]) -> bool:
    """Whether the mean place of errors (N,) among the strata is the middle, but for two standard errors."""
    errors = max(float(error.sum()), 1e-9)
    place = float((strata + 0.5) @ error) / (errors * (int(strata.max()) + 1))
    return bool(abs(place - 0.5) <= TILT + 2 / np.sqrt(12 * errors))


def _heard(
    labels: NDArray[np.int32], probs: NDArray[np.float32], vote: NDArray[np.int32]
) -> AgreedErrors | None:
    """What the vote proves; None where too few were asked, or it knows the labels far worse than probs do."""
    if not worth_hearing(labels, probs, vote):
        return None
    asked = np.flatnonzero(vote >= 0)
    return agreed_errors(labels[asked], probs[asked], vote[asked])


def _proven(
    data: NoisyLabels, plain: View, probs: NDArray[np.float32], first: float, agreed: AgreedErrors
) -> View | None:
    """The reading that makes as many labels wrong as neighbours prove; None where the first one does."""
    rate = _likeliest(first, agreed)
    if abs(rate - first) <= min(agreed.spread, 0.05 * first):
        return None
    contradicted = float(np.mean(probs.argmax(axis=1) != data.labels))
    return sharpened_to(data, plain, min(((SHARPER + 1) * rate - first) / SHARPER, contradicted))


def _likeliest(first: float, agreed: AgreedErrors) -> float:
    """The share of wrong labels: what the likelihood finds, where neighbours don't prove another."""
    beyond = (agreed.rate - first) / agreed.spread
    trust = float(np.clip(beyond / PROVEN - 1, 0, 1))
    return min(first + trust * (agreed.most - first), max(agreed.most, agreed.rate))
