"""How far a property lies from what is usual in a dataset, on one side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FENCE = 3.0  # quartile ranges beyond a quartile: Tukey's outer fence, passed by one normal value in 10⁶


@dataclass(frozen=True)
class Usual:
    """The middle of a property of which larger is odder, and from where on it is odd."""

    middle: float
    cut: float

    @classmethod
    def of(cls, values: NDArray[np.floating], least: float) -> Usual:
        """Of a sample (M,): odd is what lies beyond the outer fence, and so far above the quartile at least.

        Source: Tukey 1977. least: keeps what is merely rare apart where nearly all values are equal.
        """
        known = values[np.isfinite(values)]
        if not len(known):
            return cls(0.0, np.inf)
        low, middle, high = (float(quantile) for quantile in np.quantile(known, [0.25, 0.5, 0.75]))
        return cls(middle, high + max(FENCE * (high - low), least))

    def score(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Scores (N,): 1 up to the middle, 0.5 at the cut, halved with every such distance; NaN stays."""
        away = np.maximum(np.asarray(values, np.float64) - self.middle, 0.0)
        return np.asarray(0.5 ** (away / (self.cut - self.middle)))
