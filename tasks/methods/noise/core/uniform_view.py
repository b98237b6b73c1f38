"""Uniform noise beside the learned transition: which classes are mistaken for which has to be proven.

Probabilities that were learned from the given labels foretell them, wrong ones too. So a transition may fit
them for no better reason than that the classes are of unlike size: it then takes one class's labels for wrong
and believes the other's. What it foretells of held-out labels beyond uniform noise says how far it counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from labelworks.tasks.methods.noise.core.transition_em import (
    SHARPENINGS,
    NoisyLabels,
    best_tau,
    first_guess,
    log_of,
    thinning,
)
from labelworks.tasks.methods.noise.core.views import Source, View, held_out, reading

PROVEN = 0.015  # nats a row beyond uniform noise at which the transition counts half …
STEEP = 4  # … and the power by which it counts more or less
UNIFORM = 1e9  # pseudo-counts a class: a prior that leaves nothing but uniform noise
LEAST_RATE = 1e-3
REACH = 20.0  # times by which sharpening may differ from the likeliest one, to make as many labels wrong
CLOSE = 0.02  # of that share
HALVINGS, MATCHINGS = 8, 30
NEXT_TO_NOTHING = 0.01  # of the weight: what counts less is not read


@dataclass(frozen=True, eq=False)
class ClassOffsets:
    """Log-probabilities with an offset a class (K,), by which classes are foretold as often as given."""

    offsets: NDArray[np.float32]

    def log_odds(self, probs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log-odds (N, K) of rows (N, K), the largest of a row 0."""
        odds = log_of(probs) + self.offsets
        odds -= odds.max(axis=1, keepdims=True)
        return np.asarray(odds, np.float32)

    @classmethod
    def of(cls, labels: NDArray[np.int32], probs: NDArray[np.float32]) -> ClassOffsets:
        """By labels (N,) and probs (N, K): iterative proportional fitting (Deming & Stephan 1940)."""
        given = np.bincount(labels, minlength=probs.shape[1]) + 0.5
        offsets = np.zeros(probs.shape[1])
        for _ in range(MATCHINGS):
            shares = probs * np.exp(offsets)
            shares /= shares.sum(axis=1, keepdims=True)
            offsets += np.log(given / (shares.sum(axis=0) + 0.5))
        return cls((offsets - offsets.mean()).astype(np.float32))


def with_uniform(views: list[View], labels: NDArray[np.int32], probs: NDArray[np.float32]) -> list[View]:
    """The views, each beside one of uniform noise at its rate, which weighs what the first doesn't prove.

    Uniform noise reads the probabilities as they are, or as clusters where that foretells more of the labels.
    labels (N,), probs (N, K): in the order of `sorted_order`.
    """
    step = thinning(len(labels))
    given, some = labels[::step], probs[::step]
    sources = [ClassOffsets.of(given, some), views[0].source]
    read = [_likeliest(source, given, some) for source in sources if source is not None]
    likeliest, data, foretold = max(read, key=itemgetter(2))
    _, as_first, _ = read[-1]  # as the first view reads them; those of a plain one have the offsets as well
    proven = max(held_out(as_first, views[0]) - foretold, 0.0)
    share = proven**STEEP / (proven**STEEP + PROVEN**STEEP)
    if abs(share - 0.5) > 0.5 - NEXT_TO_NOTHING:
        share = round(share)
    beside = [_twin(likeliest, data, _rate(view, given, some)) for view in views]
    weights = [(1 - share) * view.weight for view in views]
    kept = [replace(view, weight=share * view.weight) for view in views]
    return kept + [replace(view, weight=weight) for view, weight in zip(beside, weights, strict=True)]


def _likeliest(
    source: Source, given: NDArray[np.int32], probs: NDArray[np.float32]
) -> tuple[View, NoisyLabels, float]:
    """Uniform noise on a reading of the probabilities, the rows so read, and how well labels are foretold."""
    data = NoisyLabels(given, source.log_odds(probs))
    tau, transition = best_tau(data, UNIFORM, *SHARPENINGS, None)
    view = View(source, tau, UNIFORM, transition)
    return view, data, held_out(data, view)


def _rate(view: View, given: NDArray[np.int32], probs: NDArray[np.float32]) -> float:
    """The share of wrong labels by a view."""
    odds = reading([view], given, probs).odds.astype(np.float64)
    return float(expit(-odds).mean())


def _twin(likeliest: View, data: NoisyLabels, rate: float) -> View:
    """Uniform noise, sharpened or blurred no further than until such a share of the labels is wrong by it."""
    noise = first_guess(data.classes, float(np.clip(rate, LEAST_RATE, 1 - 1 / data.classes)))
    everything = np.ones(len(data.labels), np.float32)

    def wrong(log_tau: float) -> float:
        return data.noise_rate(data.sharpened(float(np.exp(log_tau))), noise, everything)

    near = np.log(likeliest.tau)
    short = rate - wrong(near)
    if abs(short) > CLOSE * rate:
        far = near + np.copysign(np.log(REACH), short)
        for _ in range(HALVINGS):
            middle = (near + far) / 2
            near, far = (middle, far) if (rate - wrong(middle)) * short > 0 else (near, middle)
    return replace(likeliest, tau=float(np.exp(near)), transition=noise)
