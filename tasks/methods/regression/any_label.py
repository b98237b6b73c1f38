"""Densities of a number that has nothing to do with its row: any other row's label, or one far from all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import cauchy

HEAPS = 256  # places of the labels' own density: their quantiles
WIDE = 3.0  # interquartile ranges: the scale of numbers far from all
FENCE = 3.0  # interquartile ranges beyond the quartiles: farther labels are far from all (Tukey 1977)
ROWS = 8192  # at a time
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AnyLabel:
    """The density of all labels, by normal kernels at their quantiles, and a Cauchy density around them.

    place, width (H,): of the kernels, as wide as the quantiles are apart where these are few; middle, range:
    median and interquartile range of the labels.
    """

    place: Floats
    width: Floats
    middle: float
    range: float

    @classmethod
    def fit(cls, given: Floats) -> AnyLabel:
        """Learn from labels (N,); the kernels from those within the fences, or what is far would be one."""
        low, middle, high = np.quantile(given, [0.25, 0.5, 0.75])
        spread = float(high - low) or float(given.std()) or 1.0
        inside = given[np.abs(given - middle) <= (high - low) / 2 + FENCE * spread]
        place = np.quantile(inside, (np.arange(HEAPS) + 0.5) / HEAPS)
        usual = 0.9 * spread / 1.34 * len(given) ** -0.2  # Silverman 1986
        apart = np.diff(place, prepend=place[0], append=place[-1])
        return cls(place, np.maximum(usual, np.maximum(apart[:-1], apart[1:])), float(middle), spread)

    def densities(self, given: Floats) -> Floats:
        """Densities (2, N) of either at numbers (N,)."""
        return np.stack([self.of_others(given), self.far(given)])

    def of_others(self, given: Floats) -> Floats:
        """Density (N,) of another row's label at numbers (N,)."""
        density = np.empty(len(given))
        for start in range(0, len(given), ROWS):
            off = (given[start : start + ROWS, None] - self.place) / self.width
            density[start : start + ROWS] = (np.exp(-(off**2) / 2) / self.width).mean(axis=1)
        return np.asarray(density / np.sqrt(2 * np.pi))

    def far(self, given: Floats) -> Floats:
        """Density (N,) of a number that is no label at all, such as one in another unit."""
        scale = WIDE * self.range
        return np.asarray(cauchy.pdf(given, self.middle, scale), np.float64)
