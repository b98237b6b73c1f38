"""Rows in a unit of their own, less their mean: what is squared stays within single precision."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FAR = 1e9  # units from the mean; what lies further counts as this far, so that its square stays a number


@dataclass(frozen=True)
class Level:
    """`mean` (D,) of some rows, and `unit`: a power of two near the spread of all columns together."""

    mean: NDArray[np.float32]
    unit: float

    @classmethod
    def fit(cls, rows: NDArray[np.floating]) -> Level:
        """Mean and unit of rows (n, D); of equal rows the mean is exactly these, and the unit 1."""
        with np.errstate(invalid="ignore", over="ignore"):  # what isn't finite is refused elsewhere
            mean = rows.mean(axis=0, dtype=np.float64).astype(np.float32)
            spread = float(np.sqrt(np.square(rows.astype(np.float64) - mean).mean()))
        if not 0 < spread < np.inf:
            return cls(mean, 1.0)
        return cls(mean, float(2.0 ** np.clip(np.floor(np.log2(spread)), -100, 120)))

    def __call__(self, rows: NDArray[np.floating]) -> NDArray[np.float32]:
        """Rows (n, D) less the mean, in the unit, float32."""
        over = np.float32(1 / self.unit)
        with np.errstate(over="ignore"):  # what is too far is cut
            levelled = rows.astype(np.float32) * over
        levelled -= self.mean * over
        return np.clip(levelled, -FAR, FAR, out=levelled)
