"""Class Gaussians recovered from polluted labels, on the log-probabilities of a model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.noise.core.transition_em import NoisyLabels, sharpen, shrunk

DIMENSIONS = 64  # of the log-probabilities' principal space: bounds the cost where classes are many
RIDGE = 1e-3  # of the mean variance, on the covariance


@dataclass(frozen=True)
class LatentGaussian:
    """Linear log-odds (N, K) of the latent true class: Gaussians of log(p + offset) with one covariance.

    `weights` (K, K) and `intercept` (K,) already hold the centring and the projection.
    """

    offset: float
    weights: NDArray[np.float32]
    intercept: NDArray[np.float32]

    def log_odds(self, probs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log-odds (N, K) of rows (N, K), the largest of a row 0."""
        odds: NDArray[np.float32] = np.log(probs + np.float32(self.offset)) @ self.weights
        odds += self.intercept
        odds -= odds.max(axis=1, keepdims=True)
        return odds


def fit_latent_gaussian(
    data: NoisyLabels,
    probs: NDArray[np.float32],
    offset: float,
    start: tuple[float, float, NDArray[np.float64]],
    *,
    steps: int = 30,
    tolerance: float = 2e-4,
) -> LatentGaussian:
    """Fit by EM over the true class (Lawrence & Schölkopf 2001; shared covariance: Bouveyron & Girard 2009).

    data: rows sorted by given label; probs (N, K) of the same rows; start: sharpening, prior strength and
    transition of a first posterior, which names the clusters.
    """
    logs = np.log(probs + np.float32(offset))
    basis, centre = _principal(logs)
    points = (logs - centre) @ basis
    tau, strength, transition = start
    posterior = data.posterior(data.sharpened(tau), transition)
    gram = (points.T @ points).astype(np.float64)
    for _ in range(steps):
        weights, intercept = discriminant(points, gram, posterior)
        odds = points @ weights + intercept
        sharp = sharpen(odds - odds.max(axis=1, keepdims=True), 1.0)
        before = posterior
        posterior = data.posterior(sharp, transition)
        transition = shrunk(data.expected(posterior), strength)
        if np.abs(posterior - before).mean() * len(transition) < tolerance:
            break
    folded = basis @ weights
    return LatentGaussian(offset, folded, intercept - centre @ folded)


def _principal(logs: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the basis (K, D) of rows centred to mean 0 (a common factor says nothing), and their mean."""
    classes = logs.shape[1]
    centre = logs.mean(axis=0, dtype=np.float64)
    moment = (logs.T @ logs).astype(np.float64) / len(logs) - np.outer(centre, centre)
    centring = np.eye(classes) - 1 / classes
    values, vectors = np.linalg.eigh(centring @ moment @ centring)
    keep = np.flatnonzero(values > max(values[-1], 1e-12) * 1e-6)[-DIMENSIONS:]
    if not len(keep):
        keep = np.array([classes - 1])
    return (centring @ vectors[:, keep]).astype(np.float32), centre.astype(np.float32)


def discriminant(
    points: NDArray[np.float32], gram: NDArray[np.float64], posterior: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return weights (D, K) and intercept (K,) of Gaussians with one covariance.

    points (N, D) of mean near 0, gram (D, D) of them, posterior (N, K): the share each class has of a row.
    """
    count = posterior.sum(axis=0, dtype=np.float64)
    means = (posterior.T @ points).astype(np.float64) / np.maximum(count, 1e-9)[:, None]
    within = (gram - (means.T * count) @ means) / len(points)
    scale = max(float(np.trace(within)) / len(within), 1e-9)
    weights = np.linalg.solve(within + RIDGE * scale * np.eye(len(within)), means.T)
    share = (count + 1) / (len(points) + len(count))
    intercept = np.log(share) - 0.5 * np.einsum("kd,dk->k", means, weights)
    return weights.astype(np.float32), intercept.astype(np.float32)
