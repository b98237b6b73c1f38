"""The density of standardised residuals of right numbers, of whatever shape they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

EDGE = 12.0  # of asinh(z): residuals of 80,000 scales
STEP = 0.025
WIDTH = 0.25  # of the kernel, in asinh(z): a quarter of a scale in the middle, a quarter of itself far out
LEAST = 1e-12
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class NoiseShape:
    """A kernel density of asinh(z) on a grid: it knows neither a normal nor a heavy tail."""

    density: Floats

    @classmethod
    def fit(cls, z: Floats, weight: Floats) -> NoiseShape:
        """Learn from residuals (N,) in their scales, each counted by its weight (N,)."""
        size = round(2 * EDGE / STEP) + 1
        heap = np.bincount(_place(z), weight, size)
        smooth = gaussian_filter1d(heap, WIDTH / STEP, mode="constant")
        return cls(np.maximum(smooth / max(float(smooth.sum()), LEAST) / STEP, LEAST))

    def of(self, z: Floats) -> Floats:
        """Density (N,) at residuals (N,)."""
        return np.asarray(self.density[_place(z)] / np.sqrt(1 + z * z))


def _place(z: Floats) -> NDArray[np.int64]:
    place = np.rint((np.clip(np.arcsinh(z), -EDGE, EDGE) + EDGE) / STEP)
    return np.asarray(place, np.int64)
