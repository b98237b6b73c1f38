"""Orthonormal discriminant directions: each as predictive of the labels as those before it allow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh, null_space

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.probes.affine import Affine, mean_variance, moments
from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.statistics.sums import ClassSums

SHRINKAGE = 0.1  # of the covariance within classes, as in the LDA probe


@register("adapt", "discriminant", needs=("sums",), source="Foley & Sammon 1975")
def discriminant(sums: ClassSums, *, rounds: int = 2) -> Affine:
    """Projection on orthonormal directions that predict the labels, K - 1 a round.

    A round takes the directions of the largest variance between classes over that within them, in what is
    orthogonal to the rounds before it. Pro² (Chen 2023) projects alike, but learns its directions by gradient
    and fits its probe to labelled rows of the target, which a run has none of.
    """
    if rounds < 1:
        raise ConfigError(f"rounds {rounds}", where="detect.adapt.options", fix="give 1 or more")
    mean, covariance = moments(sums)
    between = _between(sums, mean)
    within = covariance - between
    scale = mean_variance(within)
    within = (1.0 - SHRINKAGE) * within + SHRINKAGE * scale * np.eye(len(within))
    wanted = max(int(np.count_nonzero(sums.count)) - 1, 1)
    directions = np.zeros((len(mean), 0))
    for _ in range(rounds):
        free = null_space(directions.T) if directions.shape[1] else np.eye(len(mean))
        take = min(wanted, free.shape[1])
        if not take:
            break
        last = free.shape[1] - 1
        _, vectors = eigh(
            free.T @ between @ free, free.T @ within @ free, subset_by_index=(last - take + 1, last)
        )
        directions = np.column_stack([directions, np.linalg.qr(free @ vectors[:, ::-1])[0]])
    return Affine(mean, directions)


def _between(sums: ClassSums, mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Covariance (D, D) of the class means, by their counts."""
    apart = (sums.means - mean) * np.sqrt(sums.count / max(float(sums.count.sum()), 1.0))[:, None]
    return np.asarray(apart.T @ apart)
