"""Ends of the exact interval of a share, by hits among rows (Clopper & Pearson 1934)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

Floats = NDArray[np.float64]
TINY = 1e-300  # in place of 0, of which there is no beta distribution


def low_end(hits: ArrayLike, rows: ArrayLike, chance: float) -> Floats:
    """Below this a share lies with a chance of at most so much; 0 without a hit.

    hits and rows: numbers or arrays of one shape, which need not be whole.
    """
    hits, rows = np.asarray(hits, np.float64), np.asarray(rows, np.float64)
    return np.where(hits > 0, betaincinv(np.maximum(hits, TINY), rows - hits + 1, chance), 0.0)


def high_end(hits: ArrayLike, rows: ArrayLike, chance: float) -> Floats:
    """Above this a share lies with a chance of at most so much; 1 where every row is a hit."""
    hits, rows = np.asarray(hits, np.float64), np.asarray(rows, np.float64)
    return np.where(hits < rows, betaincinv(hits + 1, np.maximum(rows - hits, TINY), 1 - chance), 1.0)
