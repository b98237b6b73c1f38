"""Whitening."""

from __future__ import annotations

import numpy as np

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.probes.affine import Affine, mean_variance, moments
from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.statistics.sums import ClassSums


@register("adapt", "whiten", needs=("sums",), source="Kessy 2018 (ZCA); Su 2021")
def whiten(sums: ClassSums, *, shrinkage: float = 0.1) -> Affine:
    """Whitening: every direction of the covariance at unit variance, the axes kept where they were.

    shrinkage: of the covariance towards its mean variance, so that directions of no variance stay small.
    """
    if not 0.0 <= shrinkage <= 1.0:
        raise ConfigError(f"shrinkage {shrinkage}", where="detect.adapt.options", fix="give one in [0, 1]")
    mean, covariance = moments(sums)
    scale = mean_variance(covariance)
    values, vectors = np.linalg.eigh(covariance)
    shrunk = (1.0 - shrinkage) * np.maximum(values, 0.0) + shrinkage * scale
    return Affine(mean, (vectors / np.sqrt(np.maximum(shrunk, 1e-9 * scale))) @ vectors.T)
