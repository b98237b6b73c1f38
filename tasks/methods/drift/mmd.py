"""Maximum mean discrepancy of a Gaussian kernel by random Fourier features."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods import registry
from labelworks.tasks.methods.arrays import Floats, Matrix
from labelworks.tasks.methods.drift.base import DriftTest, Gaps, squared
from labelworks.tasks.methods.drift.frame import Frame, feed

FREQUENCIES = 128


class Mmd:
    """Squared distance of the mean Fourier features; `width` times the median distance is the bandwidth."""

    def __init__(self, frame: Frame, width: float = 1.0) -> None:
        self.names: tuple[str, ...] = (f"mmd, {width:g} of the median distance",)
        rng = np.random.default_rng(1)
        bandwidth = width * np.sqrt(frame.scale) / frame.level.unit
        draws = rng.normal(size=(frame.rows.shape[1], FREQUENCIES)) / bandwidth
        self.frame = frame
        self.frequencies = draws.astype(np.float32)

    def sums(self, rows: Matrix, size: int) -> Matrix:
        """Block sums of cosines and sines, (blocks, 2 · FREQUENCIES)."""
        angles = self.frame.level(rows) @ self.frequencies
        both = [np.cos(angles), np.sin(angles)]
        summed = [window.reshape(-1, size, FREQUENCIES).sum(axis=1) for window in both]
        return np.concatenate(summed, axis=1)

    def reduce(self, gaps: Gaps) -> Floats:
        """Squared MMD."""
        return squared(gaps.apart)[None] / FREQUENCIES

    def effects(self, values: Floats) -> list[float]:
        """MMD without what chance adds, over its maximum."""
        return [float(np.sqrt(max(values[0, 0] - values[0, 1:].mean(), 0.0) / 2))]


@registry.register("drift", "mmd", needs=("features",), source="Gretton 2012, Rahimi 2007")
def mmd(reference: NDArray[np.floating], current: NDArray[np.floating], alpha: float) -> DriftTest:
    """Maximum mean discrepancy by random Fourier features, permutation of blocks of rows."""
    return feed(reference, current, [Mmd], "mmd").finish(alpha)
