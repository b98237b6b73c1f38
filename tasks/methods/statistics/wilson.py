"""The score interval of a share that was counted on rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]


def wilson(share: ArrayLike, rows: ArrayLike, confidence: float = 0.95) -> tuple[Any, Any]:
    """The ends, each (), or (n,) for shares (n,), of the interval of shares counted on rows; in [0, 1].

    rows may be no whole number, as of rows that have weights. Source: Wilson 1927.
    """
    counted, told = np.asarray(rows, np.float64), np.asarray(share, np.float64)
    squared = float(ndtri((1 + confidence) / 2)) ** 2 / counted
    middle = (told + squared / 2) / (1 + squared)
    half = np.sqrt(squared * (told * (1 - told) + squared / 4)) / (1 + squared)
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)
