"""The one check of probabilities by class, wherever they come from: arrays, parts, columns of a file."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SUM_TOLERANCE = 0.05  # float16 and three printed digits stay within it


def unusable(probs: NDArray[np.floating]) -> tuple[NDArray[np.bool_], NDArray[np.floating]]:
    """Which rows (N,) of probabilities (N, K) are no distribution, and what they sum to (N,).

    A row must sum to 1, as far as rounding lets it; nothing in it may be negative, NaN or infinite.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        total = probs @ np.ones(probs.shape[1], probs.dtype)
        bad = ~(np.abs(total - 1) <= SUM_TOLERANCE)
        if probs.size and not probs.min() >= 0:
            bad |= ~(probs.min(axis=1) >= 0)
    return bad, total
