"""The noise transition by expectation maximisation, rows held sorted by their given label."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from labelworks.tasks.methods.noise.core.reservoir import STREAM

FLOOR = np.float32(1e-12)  # below it a probability says no more than "none"
LEAST = np.float32(-50.0)  # of a sharpened log-probability: products of smaller ones are slow subnormals
STRENGTHS = (1.0, 10.0, 100.0, 1000.0, 10000.0)
SHARPENINGS = (0.02, 8.0)  # from cluster odds that are far too sure, to probabilities blurred by noise
SEARCH_ROWS = 5000
RARE = 0.2  # of an even share of the rows: of a class of fewer, the transition says little


class NoisyLabels:
    """P(given | x) = sum over k of T[k, given] p_tau(k | x), with p_tau = softmax(tau log p).

    Rows come sorted by given label and self-confidence (`sorted_rows`), so a step of the EM is products of
    blocks of rows with columns of T. `half` (N,) float32 marks every other row of a class.
    """

    def __init__(self, labels: NDArray[np.int32], log_probs: NDArray[np.float32]) -> None:
        self.classes = log_probs.shape[1]
        self.labels = labels
        self.log_probs = log_probs
        self.counts = np.bincount(labels, minlength=self.classes)
        ends = np.cumsum(self.counts)
        self.half = ((np.arange(len(labels)) - (ends - self.counts)[labels]) % 2).astype(np.float32)
        self._blocks = [(k, ends[k] - self.counts[k], ends[k]) for k in np.flatnonzero(self.counts)]

    def thinned(self, step: int) -> NoisyLabels:
        """Return every step-th row of them."""
        return self if step <= 1 else NoisyLabels(self.labels[::step], self.log_probs[::step])

    def only(self, rows: NDArray[np.bool_]) -> NoisyLabels:
        """Return the rows of a mask (N,)."""
        return NoisyLabels(self.labels[rows], self.log_probs[rows])

    def sharpened(self, tau: float) -> NDArray[np.float32]:
        """Return p_tau (N, K)."""
        return sharpen(self.log_probs, tau)

    def posterior(self, probs: NDArray[np.float32], transition: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return P(true | x, given) (N, K)."""
        columns = columns_of(transition)
        posterior = np.empty_like(probs)
        for given, start, end in self._blocks:
            np.multiply(probs[start:end], columns[given], out=posterior[start:end])
        return normalised(posterior)

    def expected(self, posterior: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the expected counts (K, K) of true and given class."""
        counts = np.zeros((self.classes, self.classes))
        for given, start, end in self._blocks:
            counts[:, given] = posterior[start:end].sum(axis=0)
        return counts

    def log_likelihood(
        self, probs: NDArray[np.float32], transition: NDArray[np.float64], weights: NDArray[np.float32]
    ) -> float:
        """Mean log P(given | x) of the rows with weight."""
        columns = columns_of(transition)
        density = np.empty(len(probs), np.float32)
        for given, start, end in self._blocks:
            np.matmul(probs[start:end], columns[given], out=density[start:end])
        return float(weights @ np.log(density) / max(weights.sum(), 1))

    def noise_rate(
        self, probs: NDArray[np.float32], transition: NDArray[np.float64], weights: NDArray[np.float32]
    ) -> float:
        """Expected share of wrong labels among the rows with weight."""
        expected = self._step(probs, transition, weights)[0]
        return float(np.clip(1 - np.trace(expected) / max(expected.sum(), 1e-30), 0, 1))

    def fit(
        self,
        probs: NDArray[np.float32],
        strength: float,
        weights: NDArray[np.float32],
        start: NDArray[np.float64] | None = None,
        *,
        steps: int = 20,
        gain: float = 2e-5,
    ) -> NDArray[np.float64]:
        """Return the transition (K, K) under a prior of `strength` pseudo-counts a class.

        Stops when a step adds less than `gain` to the mean log-likelihood.
        """
        transition = first_guess(self.classes) if start is None else start
        rows, before = max(float(weights.sum()), 1.0), -np.inf
        for _ in range(steps):
            expected, density = self._step(probs, transition, weights)
            transition = shrunk(expected, strength)
            likelihood = float(weights @ np.log(density)) / rows
            if likelihood - before < gain:
                break
            before = likelihood
        return transition

    def _step(
        self, probs: NDArray[np.float32], transition: NDArray[np.float64], weights: NDArray[np.float32]
    ) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        columns = columns_of(transition)
        expected = np.zeros((self.classes, self.classes))
        density = np.empty(len(probs), np.float32)
        for given, start, end in self._blocks:
            block = probs[start:end]
            density[start:end] = block @ columns[given]
            expected[:, given] = columns[given] * ((weights[start:end] / density[start:end]) @ block)
        return expected, density


def sorted_rows(
    labels: NDArray[np.int32], probs: NDArray[np.float32]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return labels and probabilities sorted by given label, then by its probability."""
    order = sorted_order(labels, probs)
    return labels[order], probs[order]


def sorted_order(labels: NDArray[np.int32], probs: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return the order of rows by given label, then by its probability."""
    return np.lexsort((probs[np.arange(len(labels)), labels], labels))


def log_of(probs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return log-probabilities, none below that of FLOOR."""
    return np.asarray(np.log(np.maximum(probs, FLOOR)))


def sharpen(log_probs: NDArray[np.float32], tau: float) -> NDArray[np.float32]:
    """Return softmax(tau * log_probs) by rows; the largest of a row is near 0, so nothing overflows."""
    return normalised(_power(log_probs, tau))


def _power(log_probs: NDArray[np.float32], tau: float) -> NDArray[np.float32]:
    power = log_probs * np.float32(tau)
    np.maximum(power, LEAST, out=power)
    return np.asarray(np.exp(power, out=power))


def columns_of(transition: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the columns of a transition as rows (K, K) float32."""
    return np.ascontiguousarray(transition.T, dtype=np.float32)


def normalised(shares: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale rows to sum to 1, in place."""
    shares *= 1 / (shares @ np.ones(shares.shape[1], np.float32))[:, None]
    return shares


def true_class(
    log_odds: NDArray[np.float32],
    tau: float,
    columns: NDArray[np.float32],
    given: NDArray[np.int32],
) -> NDArray[np.float32]:
    """Return what P(true | x, given) (N, K) is proportional to, from log-odds (N, K), the largest near 0.

    columns (K, K): the transition's, each one the P(given | true) of a given class.
    """
    posterior = _power(log_odds, tau)
    posterior *= columns[given]
    return posterior


def first_guess(classes: int, noise: float = 0.1) -> NDArray[np.float64]:
    """Return the transition (K, K) of uniform noise at a rate."""
    transition = np.full((classes, classes), noise / (classes - 1))
    np.fill_diagonal(transition, 1 - noise)
    return transition


def shrunk(expected: NDArray[np.float64], strength: float) -> NDArray[np.float64]:
    """Return rows of P(given | true) from expected counts, shrunk to uniform noise at the common rate."""
    rate = 1 - np.trace(expected) / max(expected.sum(), np.finfo(float).tiny)
    counts = expected + strength * first_guess(len(expected), rate) + FLOOR
    return np.asarray(counts / counts.sum(axis=1, keepdims=True), np.float64)


def thinning(rows: int) -> int:
    """Return the step that leaves rows enough to search on."""
    return -(-rows // SEARCH_ROWS)


def choose(data: NoisyLabels) -> tuple[float, float, NDArray[np.float64]]:
    """Return sharpening (by likelihood), prior strength (by held-out likelihood) and transition.

    The sharpening is sought on a part of the rows first, then near what was found on all.
    """
    part = data.thinned(thinning(len(data.log_probs)))
    tau, transition = best_tau(part, 10.0, *SHARPENINGS, None)
    strength = 0.0
    for reach in (1.6, 1.25):
        before, strength = strength, _best_strength(data, tau, transition)
        if strength == before:
            break
        tau, transition = best_tau(data, strength, tau / reach, tau * reach, transition)
    everything = np.ones(len(data.log_probs), np.float32)
    final = data.fit(data.sharpened(tau), strength, everything, transition, steps=100, gain=1e-6)
    return tau, strength, final


def best_tau(
    data: NoisyLabels, strength: float, low: float, high: float, start: NDArray[np.float64] | None
) -> tuple[float, NDArray[np.float64]]:
    """Return the sharpening of highest likelihood between two bounds, and its transition.

    On the rows that the transition is fitted on: one number bends little to thousands of rows, and what the
    transition could learn by heart the prior strength, found on held-out halves, keeps from it. Sought on
    held-out halves too, `noise-transition` flags worse on each of CIFAR-10's twelve noises and `auto` is
    level.
    """
    everything = np.ones(len(data.log_probs), np.float32)
    losses: dict[float, NDArray[np.float64]] = {}
    latest = start

    def loss(log_tau: float) -> float:
        nonlocal latest
        sharp = data.sharpened(float(np.exp(log_tau)))
        latest = losses[log_tau] = data.fit(sharp, strength, everything, latest)
        return -data.log_likelihood(sharp, latest, everything)

    best = minimize_scalar(
        loss, bounds=(np.log(low), np.log(high)), method="bounded", options={"xatol": 0.1}
    ).x
    return float(np.exp(best)), losses[best]


def _best_strength(data: NoisyLabels, tau: float, start: NDArray[np.float64]) -> float:
    """Return the prior strength by which either half foretells the other best: a climb from the second."""
    sharp = data.sharpened(tau)
    halves = [NoisyLabels(data.labels[half], sharp[half]) for half in (data.half > 0, data.half == 0)]
    parts = [(half, half.log_probs, np.ones(len(half.labels), np.float32)) for half in halves]
    del sharp

    @cache
    def held_out(place: int) -> float:
        total = 0.0
        for (seen, own, weights), (other, probs, rows) in (parts, parts[::-1]):
            fitted = seen.fit(own, STRENGTHS[place], weights, start)
            total += other.log_likelihood(probs, fitted, rows)
        return total

    best = 1
    for step in (-1, 1):
        while 0 <= best + step < len(STRENGTHS) and held_out(best + step) > held_out(best):
            best += step
    return STRENGTHS[best]


GROUPS = 10  # of the jackknife behind the interval of the noise rate


def jackknife_spread(
    data: NoisyLabels, tau: float, strength: float, transition: NDArray[np.float64], seed: int
) -> float:
    """Return the half-width of the 95 % interval of the noise rate, leaving out groups of rows in turn."""
    sharp = data.sharpened(tau)
    group = np.random.default_rng([seed, STREAM]).permutation(len(sharp)) % GROUPS
    without = []
    for left_out in range(GROUPS):
        weights = (group != left_out).astype(np.float32)
        refitted = data.fit(sharp, strength, weights, transition, steps=3)
        without.append(data.noise_rate(sharp, refitted, weights))
    return float(1.96 * np.sqrt((GROUPS - 1) * np.var(without)))


def undominated(transition: NDArray[np.float64], counts: NDArray[Any]) -> NDArray[np.intp]:
    """The given classes of which another true class is the likeliest source; rare ones aren't asked about.

    transition: (K, K), rows = true class, P(given | true); counts (K,): rows by given class.
    """
    others = transition.copy()
    np.fill_diagonal(others, 0)
    common = counts >= RARE * counts.sum() / len(counts)
    return np.flatnonzero((others.max(axis=0) >= transition.diagonal()) & common)
