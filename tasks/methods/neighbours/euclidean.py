"""Nearest rows by Euclidean distance, among themselves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.neighbours.exact import BLOCK, nearest_of


def nearest(rows: NDArray[np.float32], k: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Distances and row numbers (N, k) of the nearest other rows of (N, D), nearest first."""
    centred = _centred(rows)
    places = _places(centred, np.arange(len(rows)), k)
    distances = np.empty(places.shape)
    for start in range(0, len(rows), BLOCK):  # again, without the rounding of large norms
        part = slice(start, start + BLOCK)
        exact = centred[places[part]].astype(np.float64) - centred[part, None]
        distances[part] = np.sqrt(np.einsum("nkd,nkd->nk", exact, exact))
    return distances, places


def nearest_places(rows: NDArray[np.float32], k: int, of: NDArray[np.integer]) -> NDArray[np.int64]:
    """The row numbers alone, (M, k), of some rows (M,): with a large k distances cost more than this."""
    return _places(_centred(rows), of, k)


def _centred(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(rows - rows.mean(axis=0, dtype=np.float64), dtype=np.float32)


def _places(centred: NDArray[np.float32], of: NDArray[np.integer], k: int) -> NDArray[np.int64]:
    norms = np.einsum("nd,nd->n", centred, centred, dtype=np.float64)

    def squared(part: slice) -> NDArray[np.float64]:
        own = of[part]
        apart: NDArray[np.float64] = norms[own, None] + norms - 2.0 * (centred[own] @ centred.T)
        apart[np.arange(len(own)), own] = np.inf  # a row is no neighbour of its own
        return apart

    return nearest_of(squared, len(of), k)[0]
