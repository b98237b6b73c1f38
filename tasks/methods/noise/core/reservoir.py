"""A uniform sample of rows whose memory does not grow with the rows seen."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

STREAM = 1  # beside the seed: a caller's generator of that seed may have drawn the very noise in the labels


class Reservoir:
    """Keep the rows with the smallest of uniform random keys: every row seen has the same chance.

    A row is an entry of each of some columns, arrays of one length. Up to `capacity` rows the sample is
    everything, in the order seen.
    """

    def __init__(self, capacity: int, seed: int) -> None:
        self.seen = 0
        self._capacity = capacity
        self._rng = np.random.default_rng([seed, STREAM])
        self._parts: list[tuple[NDArray[Any], ...]] = []  # the keys, then the columns
        self._held = 0
        self._limit = np.inf

    def add(self, *columns: NDArray[Any]) -> None:
        """Offer the rows of a part."""
        keys = self._rng.random(len(columns[0]))
        take = np.flatnonzero(keys < self._limit)
        self.seen += len(keys)
        if not len(take):
            return
        self._held += len(take)
        self._parts.append(tuple(column[take] for column in (keys, *columns)))
        if self._held > self._capacity * 5 // 4:
            self._shrink()

    def sample(self) -> tuple[NDArray[Any], ...]:
        """Return the columns of the sampled rows."""
        if self._held > self._capacity:
            self._shrink()
        columns = tuple(np.concatenate(column) for column in zip(*self._parts, strict=True))
        return columns[1:]

    def _shrink(self) -> None:
        keys = np.concatenate([part[0] for part in self._parts])
        self._limit = float(np.partition(keys, self._capacity - 1)[self._capacity - 1])
        for index, part in enumerate(self._parts):
            keep = part[0] <= self._limit
            self._parts[index] = tuple(column[keep] for column in part)
        self._parts = [part for part in self._parts if len(part[0])]
        self._held = self._capacity
