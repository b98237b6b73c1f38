"""Rows that are everybody's neighbour, and targets that attract every query."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

BETA = 20.0  # inverse temperature of Bogolin 2022


def hubness(neighbours: NDArray[np.integer]) -> float:
    """Skewness of how often a row is among the neighbours (N, k) of others; about 0 where there are no hubs.

    Source: Radovanović 2010.
    """
    occurrence = np.bincount(neighbours.ravel(), minlength=len(neighbours)).astype(np.float64)
    spread = occurrence.std()
    return 0.0 if spread == 0 else float(np.mean(((occurrence - occurrence.mean()) / spread) ** 3))


def attraction(bank: NDArray[np.floating]) -> NDArray[np.float64]:
    """How much each target attracts (K,), in units of similarity: what a query bank takes from it.

    bank (B, K): similarity of queries to the targets. Source: Bogolin 2022, querybank normalisation by the
    inverted softmax.
    """
    return np.asarray(logsumexp(BETA * np.asarray(bank, np.float64), axis=0) / BETA)
