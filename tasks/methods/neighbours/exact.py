"""The nearest of all others, every one compared, in blocks of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

BLOCK = 1024  # rows compared at once


def nearest_of(
    distances: Callable[[slice], NDArray[np.floating]], rows: int, k: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Places and distances (N, k) of the nearest of M others of each row, nearest first.

    distances: of a range of the rows, (n, M); only their order counts.
    """
    places, near = np.empty((rows, k), np.int64), np.empty((rows, k))
    for part in _blocks(rows):
        apart = distances(part)
        top = np.argpartition(apart, k - 1, axis=1)[:, :k]
        of_top = np.take_along_axis(apart, top, axis=1)
        order = np.argsort(of_top, axis=1, kind="stable")
        places[part] = np.take_along_axis(top, order, axis=1)
        near[part] = np.take_along_axis(of_top, order, axis=1)
    return places, near


def mean_of_nearest(
    distances: Callable[[slice], NDArray[np.floating]], rows: int, k: int
) -> NDArray[np.float32]:
    """Mean distance (N,) of each row to the k nearest, where it doesn't matter which these are."""
    mean = np.empty(rows, np.float32)
    for part in _blocks(rows):
        mean[part] = np.partition(distances(part), k - 1, axis=1)[:, :k].mean(axis=1)
    return mean


def _blocks(rows: int) -> Iterator[slice]:
    for start in range(0, rows, BLOCK):
        yield slice(start, min(start + BLOCK, rows))
