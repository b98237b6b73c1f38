"""Multinomial logistic regression by two passes of stochastic gradient descent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.registry import register

Linear = tuple[NDArray[np.float64], NDArray[np.float64]]
BATCH = 256  # rows a step
PASSES = 2  # over the rows; stopping there is the only penalty
STEPS = 128  # at least, where rows are few
RATE = 4.0  # times the classes, for rows of mean squared length 1
SLOWER = 3  # times, by a quarter each, where the rate turns out too high
FLAT = 1e-6  # of the squared mean: variance that rounding alone makes
EVEN = 1e-2  # of the mean variance, added to a column's: one that hardly varies isn't blown up


@register("probes", "multinomial", needs=("rows",), source="Bottou 2010")
def multinomial(features: NDArray[np.floating], labels: NDArray[np.integer], classes: int) -> Linear:
    """Fit multinomial logistic regression, stopped early: weights (D, K) and intercepts (K,).

    features (N, D), labels (N,) in [0, K). The rate falls to 0 over the steps; it starts lower where it
    leaves rows not seen yet worse foretold than the class shares do.
    """
    count = np.bincount(labels, minlength=classes) + 1.0
    log_prior = np.log(count / count.sum())
    mean = features.mean(axis=0, dtype=np.float64)
    points = features - mean.astype(np.float32)
    spread = np.einsum("nd,nd->d", points, points).astype(np.float64) / len(points)
    if spread.sum() <= FLAT * float(mean @ mean):
        return np.zeros((features.shape[1], classes)), log_prior
    scale = 1 / np.sqrt(len(spread) * (spread + EVEN * spread.mean()))
    points *= scale.astype(np.float32)
    descent = _Descent(points, labels, log_prior.astype(np.float32), _order(len(labels)))
    for rate in RATE * 0.25 ** np.arange(SLOWER):
        loss, weights, intercept = descent.run(float(rate))
        if loss <= -log_prior[labels].mean():
            break
    folded = scale[:, None] * weights
    return folded, intercept - mean @ folded


def _order(rows: int) -> list[NDArray[np.int64]]:
    """The rows of each step: all of them in random order, as often as it takes."""
    rng = np.random.default_rng(0)
    a_pass = max(rows // BATCH, 1)
    passes = max(PASSES, -(-STEPS // a_pass))
    return [part for _ in range(passes) for part in np.array_split(rng.permutation(rows), a_pass)]


@dataclass(frozen=True)
class _Descent:
    """Points (N, D) of mean squared length 1, labels (N,), first intercepts (K,), the rows by step."""

    points: NDArray[np.float32]
    labels: NDArray[np.integer]
    start: NDArray[np.float32]
    order: list[NDArray[np.int64]]

    def run(self, rate: float) -> tuple[float, NDArray[np.float32], NDArray[np.float32]]:
        """Return the mean log loss of rows right before their step, the weights (D, K), intercepts (K,)."""
        weights = np.zeros((self.points.shape[1], len(self.start)), np.float32)
        intercept, losses = self.start.copy(), []
        for step, rows in enumerate(self.order):
            block = self.points[rows]
            loss, errors = log_loss(block @ weights + intercept, self.labels[rows])
            errors *= np.float32(rate * len(intercept) * (1 - step / len(self.order)) / len(rows))
            weights -= block.T @ errors
            intercept -= np.float32(EVEN) * errors.sum(axis=0)
            losses.append(loss)
        return float(np.mean(losses)), weights, intercept


def log_loss(logits: NDArray[np.float32], given: NDArray[np.integer]) -> tuple[float, NDArray[np.float32]]:
    """Mean log loss of logits (B, K), which are overwritten by probabilities less the one-hot labels."""
    rows = np.arange(len(given))
    logits -= logits.max(axis=1, keepdims=True)
    own = logits[rows, given].mean(dtype=np.float64)
    np.exp(logits, out=logits)
    total = logits @ np.ones(logits.shape[1], np.float32)
    logits *= (1 / total)[:, None]
    logits[rows, given] -= 1
    return float(np.log(total, dtype=np.float64).mean() - own), logits
