"""Right numbers as a Student t of any heaviness, wrong ones as either kind of any number: shares by EM."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

DEGREES = (1.5, 2.0, 3.0, 4.0, 6.0, 10.0, 30.0, 1000.0)  # of freedom: from heavy tails to normal
STEPS = 40
BEGIN = (0.05, 0.01)  # shares of the two kinds that are begun with
LEAST = 1e-12
TINY = 1e-300
SURE = 0.9  # P(wrong) of a row that is told apart
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tails:
    """degrees and scale of the t; shares (2,) of other rows' labels and of numbers far from all; its fit."""

    degrees: float
    scale: float
    shares: tuple[float, float]
    log_likelihood: float

    @classmethod
    def fit(cls, z: Floats, scale: Floats, wrong: Floats, *, others: bool = True, far: bool = True) -> Tails:
        """The likeliest of DEGREES for residuals z (N,) in scales (N,); wrong (2, N): densities if wrong.

        others, far: whether either kind may be there.
        """
        begin = (BEGIN[0] * others, BEGIN[1] * far)
        fits = (_fitted(z, scale, wrong, degrees, begin) for degrees in DEGREES)
        return max(fits, key=lambda each: each.log_likelihood)

    def wrong(self, z: Floats, scale: Floats, wrong: Floats) -> Floats:
        """P(it is of either kind) (2, N)."""
        odds = np.array(self.shares)[:, None] * wrong
        return np.asarray(odds / (self._right(z, scale) + odds.sum(axis=0) + TINY))

    def p_value(self, z: Floats) -> Floats:
        """Share of right numbers (N,) as far off or farther."""
        return np.asarray(2 * t.sf(np.abs(z) / self.scale, self.degrees))

    def reach(self, share: float) -> float:
        """How many scales off a number of that p-value is."""
        return float(self.scale * t.isf(share / 2, self.degrees))

    def _right(self, z: Floats, scale: Floats) -> Floats:
        density = t.pdf(z / self.scale, self.degrees) / (self.scale * scale)
        return np.asarray((1 - sum(self.shares)) * density)


def apart(wrong: Floats) -> float:
    """Share of the wrong ones (N,) that are surely so: near 1 where two heaps hardly overlap."""
    total = float(wrong.sum())
    return float(wrong[wrong > SURE].sum()) / total if total > 0 else 0.0


def _fitted(z: Floats, scale: Floats, wrong: Floats, degrees: float, shares: tuple[float, float]) -> Tails:
    """EM of the scale and the shares for one heaviness of the tails (Lange, Little & Taylor 1989)."""
    tails = Tails(degrees, 1.0, shares, -np.inf)
    for _ in range(STEPS):
        right, odds = tails._right(z, scale), np.array(tails.shares)[:, None] * wrong
        total = right + odds.sum(axis=0) + TINY
        likely = float(np.log(total).sum())
        if likely - tails.log_likelihood < 1e-3:
            break
        counted = right / total
        pull = counted * (degrees + 1) / (degrees + np.square(z / tails.scale))
        width = np.sqrt(max(float(pull @ np.square(z)) / max(float(counted.sum()), 1.0), LEAST))
        others, far = (float(share) for share in (odds / total).mean(axis=1))
        tails = Tails(degrees, float(width), (others, far), likely)
    return tails
