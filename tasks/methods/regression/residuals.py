"""How far off numbers usually are: learned from residuals that stand for all, and what it says of others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.stats import false_discovery_control, t

DEGREES = np.array([2.0, 2.5, 3, 4, 5, 7, 10, 15, 30, 1000])  # of freedom: from heavy tails to normal
ROUNDS = 5
USUAL = 0.05  # p-value from which a residual is nothing special
NOTHING = -1.0  # a p-value that none is below
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Residuals:
    """A Student t of residuals of right rows, and the share of wrong ones.

    scale 0: all but a few rows are met exactly, and every other is wrong. limit: how far from the centre is
    still usual; threshold: the p-value up to which rows are flagged; ends, errors (S,): the error probability
    of p-values up to each end.
    """

    centre: float
    scale: float
    degrees: float
    limit: float
    rate: float
    threshold: float
    ends: Floats
    errors: Floats

    @classmethod
    def fit(cls, residuals: Floats, fdr: float) -> Residuals:
        """Learn from residuals (N,); fdr: share of right rows allowed among the flagged.

        The median and the 80 % quantile of the right rows' absolute residuals tell scale and heaviness of
        tails. The wrong rows are taken for the largest residuals: so many are left out as exceed what is
        usual, and scale and share are found in turn.
        """
        centre = float(np.median(residuals))
        off = np.abs(residuals - centre)
        scale, degrees, limit, rate = 0.0, float(DEGREES[-1]), 0.0, 0.0
        p_value = np.where(off > 0, 0.0, 1.0)
        for _ in range(ROUNDS):
            middle, upper = np.quantile(off, [0.5 * (1 - rate), 0.8 * (1 - rate)])
            if middle == 0:
                scale, limit, rate = 0.0, 0.0, float((off > 0).mean())
                p_value = np.where(off > 0, 0.0, 1.0)
                break
            ratios = t.ppf(0.9, DEGREES) / t.ppf(0.75, DEGREES)
            degrees = float(DEGREES[np.abs(ratios - upper / middle).argmin()])
            scale = middle / t.ppf(0.75, degrees)
            p_value, limit = 2 * t.sf(off / scale, degrees), scale * t.isf(USUAL / 2, degrees)
            rate = max(0.0, float((p_value < USUAL).mean()) - USUAL) / (1 - USUAL)
        flagged = false_discovery_control(p_value) <= fdr
        threshold = float(p_value[flagged].max(initial=NOTHING))
        return cls(centre, float(scale), degrees, float(limit), rate, threshold, *_error_steps(p_value, rate))

    def p_value(self, residuals: Floats) -> Floats:
        """Two-sided p-values (N,): the share of right rows with a residual as large."""
        off = np.abs(residuals - self.centre)
        if self.scale == 0:
            return np.where(off > 0, 0.0, 1.0)
        return np.asarray(2 * t.sf(off / self.scale, self.degrees))

    def error_probability(self, p_value: Floats) -> Floats:
        """P(wrong) (N,) of rows with such p-values."""
        place = np.minimum(np.searchsorted(self.ends, p_value), len(self.ends) - 1)
        return self.errors[place]


def _error_steps(p_value: Floats, rate: float) -> tuple[Floats, Floats]:
    """Ends and heights of one less the local false discovery rate (Efron 2001), Grenander's density in it."""
    value, count = np.unique(p_value, return_counts=True)
    gap = np.maximum(np.diff(value, prepend=0.0), 1e-12)
    density = np.asarray(isotonic_regression(count / len(p_value) / gap, weights=gap, increasing=False).x)
    error = np.clip(1 - (1 - rate) / np.maximum(density, 1e-12), 0, 1)
    last = np.append(np.diff(error) != 0, True)
    return value[last], error[last]
