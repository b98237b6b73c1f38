"""Nearest rows by Euclidean distance, among themselves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BLOCK = 512


def nearest(rows: NDArray[np.float32], k: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Distances and row numbers (N, k) of the nearest other rows of (N, D), nearest first."""
    centred = (rows - rows.mean(axis=0, dtype=np.float64)).astype(np.float32)
    norms = np.einsum("nd,nd->n", centred, centred, dtype=np.float64)
    distances, found = np.empty((len(rows), k)), np.empty((len(rows), k), np.int64)
    for start in range(0, len(rows), BLOCK):
        here = np.arange(start, min(start + BLOCK, len(rows)))
        squared = norms[here, None] + norms - 2.0 * (centred[here] @ centred.T)
        squared[np.arange(len(here)), here] = np.inf
        top = np.argpartition(squared, k - 1, axis=1)[:, :k]
        order = np.argsort(np.take_along_axis(squared, top, axis=1), axis=1, kind="stable")
        found[here] = np.take_along_axis(top, order, axis=1)
        exact = centred[found[here]].astype(np.float64) - centred[here, None]
        distances[here] = np.sqrt(np.einsum("nkd,nkd->nk", exact, exact))
    return distances, found
