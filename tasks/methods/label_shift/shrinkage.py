"""Empirical Bayes: importance weights are pulled to their common level as far as their errors allow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labelworks.tasks.methods.arrays import Floats

FREEDOM = 1.0  # of Student's t: heavy tails leave a class that really moved alone
ROUNDS = 100
SMALLEST = 1e-6  # variance of the weights around their level


@dataclass(frozen=True)
class Shrunk:
    """Posterior mean (K,) and covariance (K, K) of the weights, and the level they are pulled to."""

    weights: Floats
    covariance: Floats
    level: float


def shrink(weights: Floats, covariance: Floats) -> Shrunk:
    """Posterior of weights seen with a known covariance, under a Student-t prior fitted to them.

    Level and spread of the prior are found by expectation maximisation over the scale mixture that makes up
    Student's t (Lange, Little and Taylor 1989); the posterior is normal, given the scales.
    """
    K = len(weights)
    information = np.linalg.pinv(covariance + 1e-10 * np.trace(covariance) / K * np.eye(K), hermitian=True)
    seen, level = information @ weights, 1.0
    precision = np.full(K, 1 / (float(weights.var()) + SMALLEST))
    for _ in range(ROUNDS):
        inner = np.asarray(np.linalg.inv(information + np.diag(precision)), dtype=np.float64)
        mean = inner @ (seen + precision * level)
        before, level = level, float(precision @ mean / precision.sum())
        spread = max(1 / float(precision.mean()), SMALLEST)
        precision = (FREEDOM + 1) / (FREEDOM * spread + (mean - level) ** 2 + np.diag(inner))
        if abs(level - before) < 1e-5:
            break
    return Shrunk(mean, inner, level)


def towards(goal: Floats, estimate: Floats, errors: Floats) -> Floats:
    """Average (K,) of an estimate without bias and an efficient one that may be biased (Green 1991).

    errors (K, K): covariance of the first; the larger beside their distance, the less that distance says.
    """
    apart = estimate - goal
    kept = max(0.0, 1 - float(np.trace(errors)) / max(float(apart @ apart), 1e-300))
    return goal + kept * apart
