"""Classifier two-sample test: can a ridge probe tell the windows apart? In closed form, in one pass."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from labelworks.tasks.methods import registry
from labelworks.tasks.methods.arrays import Floats, Matrix
from labelworks.tasks.methods.drift.base import DriftTest, Gaps, squared
from labelworks.tasks.methods.drift.frame import Frame, feed


class Probe:
    """Squared distance of the window's means in the metric of the pooled covariance with a ridge.

    That is the separation which the ridge probe of window against window reaches on its own rows; its
    permutations say how much of it is chance.
    """

    names: tuple[str, ...] = ("ridge probe",)

    def __init__(self, frame: Frame) -> None:
        self.frame = frame

    def sums(self, rows: Matrix, size: int) -> Matrix:
        """Block sums of the whitened rows, (blocks, D)."""
        summed = self.frame.level(rows).reshape(-1, size, rows.shape[1]).sum(axis=1)
        return np.asarray(summed @ self.frame.whiten)

    def reduce(self, gaps: Gaps) -> Floats:
        """Squared Mahalanobis distance of the means."""
        return squared(gaps.apart)[None]

    def effects(self, values: Floats) -> list[float]:
        """2 · AUC − 1 of the probe, without what chance adds."""
        apart = np.sqrt(max(values[0, 0] - values[0, 1:].mean(), 0.0))
        return [float(2 * norm.cdf(apart / np.sqrt(2)) - 1)]


@registry.register("drift", "classifier", needs=("features",), source="Lopez-Paz 2017")
def classifier(reference: NDArray[np.floating], current: NDArray[np.floating], alpha: float) -> DriftTest:
    """Classifier two-sample test with a closed-form ridge probe, permutation of blocks of rows."""
    return feed(reference, current, [Probe], "classifier").finish(alpha)
