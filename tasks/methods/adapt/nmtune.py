"""NMTune's regularisers on an affine map: a spectrum that serves the labels and stays near the old one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.probes.affine import Affine, mean_variance, moments
from labelworks.tasks.methods.probes.ridge import PENALTY
from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.statistics.sums import ClassSums

LARGEST = 100.0  # scale of a direction


@register("adapt", "nmtune", needs=("sums",), source="Chen 2024 (NMTune), restricted to the eigenbasis")
def nmtune(sums: ClassSums, *, strength: float = 0.01) -> Affine:
    """NMTune-style affine tuning: each principal direction scaled so that a ridge probe fits the labels.

    strength: of the regularisers of the paper: the rows stay where they were, and the largest singular value
    leads. The third, on covariances, is 0: in the basis of the principal directions there are none.
    """
    if not strength > 0:
        raise ConfigError(f"strength {strength}", where="detect.adapt.options", fix="give one over 0")
    mean, covariance = moments(sums)
    values, vectors = np.linalg.eigh(covariance)
    penalty = PENALTY * mean_variance(covariance)
    spectrum = Spectrum.of(sums, values, vectors, penalty=penalty, strength=strength)
    return Affine(mean, vectors * spectrum.best())


@dataclass(frozen=True)
class Spectrum:
    """What scales (D,) of the principal directions are judged by.

    values: their variances; cross: squared covariances with the labels, summed; labels: variance of the
    one-hot labels, summed; penalty: of the ridge probe.
    """

    values: NDArray[np.float64]
    cross: NDArray[np.float64]
    labels: float
    penalty: float
    strength: float

    @classmethod
    def of(
        cls,
        sums: ClassSums,
        values: NDArray[np.float64],
        vectors: NDArray[np.float64],
        *,
        penalty: float,
        strength: float,
    ) -> Spectrum:
        """Of labelled rows: their sums, eigenvalues (D,) and eigenvectors (D, D) of their covariance."""
        share = sums.count / max(float(sums.count.sum()), 1.0)
        cross = np.square(_cross(sums).T @ vectors).sum(axis=0)
        return cls(np.maximum(values, 0.0), cross, float(1.0 - share @ share), penalty, strength)

    def loss(self, scales: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Loss and gradient (D,): of the best ridge probe, and of the two regularisers."""
        squared = np.square(scales)
        shrunk = squared * self.values + self.penalty
        fit = 1.0 - float(np.sum(squared * self.cross / shrunk)) / self.labels
        fit_slope = -2.0 * scales * self.cross * self.penalty / np.square(shrunk) / self.labels
        whole = max(float(self.values.sum()), 1e-300)
        stay = float(np.sum(self.values * np.square(scales - 1.0))) / whole
        stay_slope = 2.0 * self.values * (scales - 1.0) / whole
        spread = np.sqrt(self.values)
        singular = scales * spread
        total, top = max(float(singular.sum()), 1e-300), int(singular.argmax())
        lead = -float(singular[top]) / total
        lead_slope = singular[top] * spread / total**2
        lead_slope[top] -= spread[top] / total
        return fit + self.strength * (stay + lead), fit_slope + self.strength * (stay_slope + lead_slope)

    def best(self) -> NDArray[np.float64]:
        """The scales (D,) of least loss, from 1 on."""
        start = np.ones(len(self.values))
        if self.labels <= 0:
            return start
        bounds = [(0.0, LARGEST)] * len(start)
        minimum = minimize(self.loss, start, jac=True, method="L-BFGS-B", bounds=bounds, tol=1e-9)
        return np.asarray(minimum.x, dtype=np.float64)


def _cross(sums: ClassSums) -> NDArray[np.float64]:
    """Covariance (D, K) of the rows with the one-hot labels."""
    rows = max(float(sums.count.sum()), 1.0)
    mean = sums.total.sum(axis=0) / rows
    return np.asarray(sums.total.T / rows - np.outer(mean, sums.count / rows))
