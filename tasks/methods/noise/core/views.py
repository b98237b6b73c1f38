"""How a model's probabilities speak of the true class: as they are, or as features of class Gaussians."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.noise.core.latent_gaussian import fit_latent_gaussian
from labelworks.tasks.methods.noise.core.transition_em import (
    NoisyLabels,
    best_tau,
    choose,
    columns_of,
    log_of,
    normalised,
    sharpen,
    thinning,
    true_class,
)

OFFSETS = (1e-2, 1e-3, 1e-4)  # added to probabilities before the log: how much the small ones may say
HOPELESS = 0.05  # nats a row that a few more steps of EM don't make up
TINY = np.finfo(np.float32).tiny
ROWS_A_CLASS = 10  # fewer don't make a Gaussian


class Source(Protocol):
    """What makes log-odds of the probabilities, where a view doesn't take them as they are."""

    def log_odds(self, probs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log-odds (N, K) of the true class of rows (N, K), the largest of a row near 0."""


@dataclass(frozen=True)
class View:
    """A reading of the probabilities with its sharpening, prior strength and noise transition (K, K).

    weight: what it counts among others.
    """

    source: Source | None
    tau: float
    strength: float
    transition: NDArray[np.float64]
    weight: float = 1.0

    @cached_property
    def columns(self) -> NDArray[np.float32]:
        """Columns of the transition, as rows (K, K)."""
        return columns_of(self.transition)

    def log_odds(
        self, probs: NDArray[np.float32], logs: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Log-odds of the true class (N, K) before sharpening; logs: of probs, where they are at hand."""
        if self.source is not None:
            return self.source.log_odds(probs)
        return log_of(probs) if logs is None else logs

    def posterior(self, given: NDArray[np.int32], probs: NDArray[np.float32]) -> NDArray[np.float32]:
        """P(true | x, given) (N, K)."""
        return normalised(true_class(self.log_odds(probs), self.tau, self.columns, given))


@dataclass(frozen=True)
class Reading:
    """Rows as the views read them: logs of the probabilities (N, K), floored.

    shares (N, K): what P(true | x, given) is proportional to; others (N,): their sum without the given class,
    which 1 - P(true = given) would round to 0; odds (N,): log-odds that the given label is right.
    """

    logs: NDArray[np.float32]
    shares: NDArray[np.float32]
    others: NDArray[np.float32]
    odds: NDArray[np.float32]


def reading(views: list[View], given: NDArray[np.int32], probs: NDArray[np.float32]) -> Reading:
    """Read rows: given (N,), probs (N, K), by the views that weigh anything."""
    views = [view for view in views if view.weight]
    logs, rows = log_of(probs), np.arange(len(given))
    parts = [true_class(view.log_odds(probs, logs), view.tau, view.columns, given) for view in views]
    shares = parts[0] if len(parts) == 1 else _averaged(views, parts)
    own = np.maximum(shares[rows, given], TINY)
    shares[rows, given] = 0
    others = np.maximum(shares @ np.ones(shares.shape[1], np.float32), TINY)
    shares[rows, given] = own
    return Reading(logs, shares, others, np.log(own) - np.log(others))


def _averaged(views: list[View], parts: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The parts (N, K), each scaled to rows that sum to 1, added up by the weights of their views."""
    total = np.zeros_like(parts[0])
    for view, part in zip(views, parts, strict=True):
        total += np.float32(view.weight) * normalised(part)
    return total


def fit_views(base: NoisyLabels, probs: NDArray[np.float32], plain: View) -> list[View]:
    """Return the plain view, or the latent ones where they foretell held-out given labels better.

    base: given labels and logs of probs (N, K), in the order of `sorted_rows`; plain: their `plain_view`.

    Probabilities that fit the noise already (of a model trained on it to the end) gain by recovering the true
    classes as clusters; well-behaved ones don't.
    """
    if len(base.labels) < ROWS_A_CLASS * base.classes:
        return [plain]
    if not _promising(base, probs, plain):
        return [plain]
    first = _latent_view(base, probs, OFFSETS[1], plain)
    if _held_out_latent(base, probs, first, plain) <= held_out(base, plain):
        return [plain]
    return [first, *(_latent_view(base, probs, offset, plain) for offset in (OFFSETS[0], OFFSETS[2]))]


def plain_view(data: NoisyLabels) -> View:
    """The probabilities as they are."""
    return View(None, *choose(data))


def _promising(base: NoisyLabels, probs: NDArray[np.float32], plain: View) -> bool:
    """Whether a first look at a part of the rows leaves the latent views a chance."""
    step = thinning(len(probs))
    part, some = base.thinned(step), probs[::step]
    source = fit_latent_gaussian(part, some, OFFSETS[1], _start(plain), steps=8)
    latent = NoisyLabels(part.labels, source.log_odds(some))
    everything = np.ones(len(some), np.float32)
    tau, transition = best_tau(latent, plain.strength, 0.02, 2.0, plain.transition)
    likelihood = latent.log_likelihood(latent.sharpened(tau), transition, everything)
    known = part.log_likelihood(part.sharpened(plain.tau), plain.transition, everything)
    return likelihood > known - HOPELESS


def _latent_view(base: NoisyLabels, probs: NDArray[np.float32], offset: float, plain: View) -> View:
    source = fit_latent_gaussian(base, probs, offset, _start(plain))
    return View(source, *choose(NoisyLabels(base.labels, source.log_odds(probs))))


def _start(plain: View) -> tuple[float, float, NDArray[np.float64]]:
    return max(plain.tau, 1.0), plain.strength, plain.transition


def held_out(data: NoisyLabels, view: View) -> float:
    """Mean log-likelihood of each half's given labels by a transition fitted on the other."""
    sharp = data.sharpened(view.tau)
    return float(np.mean([_half_foretold(data, sharp, view, half) for half in (data.half, 1 - data.half)]))


def _held_out_latent(base: NoisyLabels, probs: NDArray[np.float32], view: View, plain: View) -> float:
    """As the plain one, for the middle offset; the Gaussians are fitted to one half of the rows too."""
    likelihoods = []
    for half in (base.half, 1 - base.half):
        seen = half > 0
        other = fit_latent_gaussian(base.only(seen), probs[seen], OFFSETS[1], _start(plain))
        likelihoods.append(_half_foretold(base, sharpen(other.log_odds(probs), view.tau), view, half))
    return float(np.mean(likelihoods))


def _half_foretold(
    data: NoisyLabels, sharp: NDArray[np.float32], view: View, half: NDArray[np.float32]
) -> float:
    return data.log_likelihood(sharp, data.fit(sharp, view.strength, half, view.transition), 1 - half)
