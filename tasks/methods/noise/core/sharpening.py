"""Sharper readings of the probabilities, for errors that go with what the classifier finds hard.

The likelihood of the given labels takes whatever goes with the features for the classifier's own doubt, and
blurs its probabilities until the labels fit. Here the sharpening is set by what is known otherwise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.noise.core.second_view import strata_of
from labelworks.tasks.methods.noise.core.transition_em import NoisyLabels, thinning
from labelworks.tasks.methods.noise.core.views import View

STEP = 1.3  # between one sharpening tried and the next
BOUNDS = (0.05, 20.0)
SURE = 0.3  # of the rows: those of which the classifier is surest …
EXPLAINED = 0.05  # … and of their contradicted labels the share that may be its own errors, or …
OWN_ERRORS = 0.01  # … of all of them


def sharpened_to(data: NoisyLabels, plain: View, rate: float) -> View:
    """The sharpening at which the transition makes about a share `rate` of the labels wrong.

    Where none does, the one on the way that comes nearest: what is blurred too far makes all labels doubtful.
    """
    part = data.thinned(thinning(len(data.labels)))
    tau, (last, transition) = plain.tau, _rate(part, plain, plain.tau, plain.transition)
    rising = last < rate
    factor = STEP if rising else 1 / STEP
    best = abs(last - rate), tau, transition
    while BOUNDS[0] < tau < BOUNDS[1]:
        after, fitted = _rate(part, plain, tau * factor, transition)
        if (after < rate) != rising:
            share = (rate - last) / (after - last)
            return _fitted(data, plain, tau * factor**share, fitted)
        tau, last, transition = tau * factor, after, fitted
        if abs(last - rate) < best[0]:
            best = abs(last - rate), tau, transition
    return _fitted(data, plain, *best[1:])


def anchored(data: NoisyLabels, plain: View, probs: NDArray[np.float32]) -> View | None:
    """The sharpening at which labels that the surest predictions contradict are wrong; None: they are so.

    probs (N, K): of the rows of data.
    """
    step = thinning(len(data.labels))
    part, some = data.thinned(step), probs[::step]
    strata = strata_of(some)
    sure = strata < SURE * (strata.max() + 1)
    contradicted = int(np.count_nonzero(sure & (some.argmax(axis=1) != part.labels)))
    allowed = max(EXPLAINED * contradicted, OWN_ERRORS * np.count_nonzero(sure))
    tau, transition = plain.tau, plain.transition
    while contradicted - _wrong(part, tau, transition, sure) > allowed and tau < BOUNDS[1]:
        tau *= STEP
        _, transition = _rate(part, plain, tau, transition)
    return None if tau == plain.tau else _fitted(data, plain, tau, transition)


def _wrong(data: NoisyLabels, tau: float, transition: NDArray[np.float64], rows: NDArray[np.bool_]) -> float:
    """How many labels are wrong among the rows of a mask (N,)."""
    posterior = data.posterior(data.sharpened(tau), transition)
    own = posterior[np.arange(len(posterior)), data.labels]
    return float((1 - own[rows]).sum(dtype=np.float64))


def _rate(
    data: NoisyLabels, plain: View, tau: float, start: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    everything, sharp = np.ones(len(data.labels), np.float32), data.sharpened(tau)
    transition = data.fit(sharp, plain.strength, everything, start)
    return data.noise_rate(sharp, transition, everything), transition


def _fitted(data: NoisyLabels, plain: View, tau: float, start: NDArray[np.float64]) -> View:
    everything = np.ones(len(data.labels), np.float32)
    transition = data.fit(data.sharpened(tau), plain.strength, everything, start, steps=60, gain=1e-5)
    return View(None, tau, plain.strength, transition)
