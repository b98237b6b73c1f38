"""Empirical Bayes: importance weights are pulled to their common level as far as their errors allow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotri

from labelworks.tasks.methods.arrays import Floats

FREEDOM = 1.0  # of Student's t: heavy tails leave a class that really moved alone
PLAIN, ROUNDS = 10, 20  # of one each, to be near, and of three, extrapolated
STILL = 1e-2  # the logarithms of the precisions and the level don't move any more
LONGEST = 4.0  # extrapolation: longer ones left the maximum for a worse one
SURE = 1e-6  # least variance of a mix of weights, each in its own unit
SMALLEST = 1e-6  # variance of the weights around their level


@dataclass(frozen=True)
class Shrunk:
    """Posterior mean (K,) and covariance (K, K) of the weights, and the level they are pulled to.

    `state` (K + 1,): logarithms of the precisions, and the level.
    """

    weights: Floats
    covariance: Floats
    state: Floats

    @property
    def level(self) -> float:
        """What the weights are pulled to."""
        return float(self.state[-1])


def shrink(weights: Floats, covariance: Floats, start: Shrunk | None = None) -> Shrunk:
    """Posterior of weights seen with a known covariance, under a Student-t prior fitted to them.

    Level and spread of the prior are found by expectation maximisation over the scale mixture that makes up
    Student's t (Lange, Little and Taylor 1989); the posterior is normal, given the scales.
    start: of windows such as these.
    """
    K, information = len(weights), _information(covariance)
    seen = information @ weights
    if start is not None:
        state = start.state
    else:
        state = np.append(np.full(K, -np.log(float(weights.var()) + SMALLEST)), 1.0)
        for _ in range(PLAIN):
            state = _round(information, seen, state)[0]
    for _ in range(ROUNDS):
        once = _round(information, seen, state)[0]
        twice = _round(information, seen, once)[0]
        first, second = once - state, twice - 2 * once + state
        if np.abs(first).max() < STILL:
            break
        length = np.clip(np.linalg.norm(first) / max(float(np.linalg.norm(second)), 1e-30), 1.0, LONGEST)
        state = _round(information, seen, state + 2 * length * first + length**2 * second)[0]
    _, mean, inner = _round(information, seen, state)
    return Shrunk(mean, inner, state)


def _information(covariance: Floats) -> Floats:
    """Inverse (K, K) of a covariance; no mix of classes is surer than single precision lets it be."""
    spread = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    values, axes = np.linalg.eigh(covariance / np.outer(spread, spread))
    scaled = axes / spread[:, None]
    return np.asarray((scaled / np.maximum(values, SURE)) @ scaled.T, dtype=np.float64)


def _round(information: Floats, seen: Floats, state: Floats) -> tuple[Floats, Floats, Floats]:
    """Logarithms of the precisions (K,) and the level after one round; posterior mean and covariance.

    The rounds are extrapolated two by two (Varadhan and Roland 2008): by themselves they creep.
    """
    precision, level = np.exp(state[:-1]), state[-1]
    inner = _inverted(information + np.diag(precision))
    mean = inner @ (seen + precision * level)
    level = float(precision @ mean / precision.sum())
    spread = max(1 / float(precision.mean()), SMALLEST)
    precision = (FREEDOM + 1) / (FREEDOM * spread + (mean - level) ** 2 + np.maximum(np.diag(inner), 0))
    return np.append(np.log(precision), level), mean, inner


def _inverted(matrix: Floats) -> Floats:
    """Inverse (K, K) of a positive definite matrix: half the work of any other's."""
    factor, failed = dpotrf(matrix, lower=1)
    if failed:
        return np.asarray(np.linalg.inv(matrix), dtype=np.float64)
    inverse = np.asarray(dpotri(factor, lower=1)[0], dtype=np.float64)
    return np.tril(inverse) + np.tril(inverse, -1).T


def towards(goal: Floats, estimate: Floats, errors: Floats) -> Floats:
    """Average (K,) of an estimate without bias and an efficient one that may be biased (Green 1991).

    errors (K, K): covariance of the first; the larger beside their distance, the less that distance says.
    """
    apart = estimate - goal
    kept = max(0.0, 1 - float(np.trace(errors)) / max(float(apart @ apart), 1e-300))
    return goal + kept * apart
