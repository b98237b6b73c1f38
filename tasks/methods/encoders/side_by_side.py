"""Vectors of several kinds of features as one: each kind centred, and scaled to the same spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.statistics.float16 import single

MIX = np.uint64(0x9E3779B97F4A7C15)
BLOCK = 8192  # rows at a time: a whole partition as float32 is large


@dataclass(frozen=True)
class Placing:
    """Where vectors of one kind lie: their mean (D,), and the root mean square of the distance from it."""

    centre: NDArray[np.float32]
    spread: float

    @classmethod
    def of(cls, vectors: NDArray[np.floating]) -> Placing:
        """Learn it from a sample (M, D); of no rows, or of rows that are all alike, the spread is 0."""
        rows = np.asarray(vectors, dtype=np.float64)
        centre = rows.mean(axis=0) if len(rows) else np.zeros(rows.shape[1])
        spread = float(np.sqrt(((rows - centre) ** 2).sum(axis=1).mean())) if len(rows) else 0.0
        return cls(centre.astype(np.float32), spread)

    def placed(self, vectors: NDArray[np.floating]) -> NDArray[np.float32]:
        """Rows (N, D) from the centre, in units of the spread; without a spread they say nothing: zeros."""
        apart = single(vectors) - self.centre
        return np.asarray(apart / self.spread if self.spread > 0 else apart * 0, np.float32)


def side_by_side(parts: Sequence[NDArray[np.floating]], placings: Sequence[Placing]) -> NDArray[np.floating]:
    """Vectors (N, D_1), (N, D_2) … joined (N, D_1 + D_2 + …), in the widest of their types.

    Two rows lie as far apart in each kind, in the mean over pairs of rows: 2 squared. The spread is taken
    around the mean and not from zero, for a part that all rows share tells none of them apart: vectors of a
    neural network have a large one, and would count for little beside standardised numbers.
    """
    ends = np.cumsum([part.shape[1] for part in parts])
    joined = np.empty((len(parts[0]), ends[-1]), np.result_type(*parts))
    for start in range(0, len(joined), BLOCK):
        rows = slice(start, start + BLOCK)
        for placing, part, end in zip(placings, parts, ends, strict=True):
            joined[rows, end - part.shape[1] : end] = placing.placed(part[rows])
    return joined


def joined_contents(parts: Sequence[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    """Hash (N,) of what rows hold in all kinds, from the hash (N,) of each: equal where all are equal."""
    joined = np.zeros(len(parts[0]), np.uint64)
    for contents in parts:
        joined = (joined ^ contents) * MIX
        joined ^= joined >> np.uint64(29)
    return joined


def joined_reasons(kinds: Sequence[str], reasons: Sequence[Sequence[str | None]]) -> list[str | None]:
    """Why a row has no joined vector: what is wrong with the first of its kinds that has none."""
    return [
        next((f"{kind}: {why}" for kind, why in zip(kinds, row, strict=True) if why is not None), None)
        for row in zip(*reasons, strict=True)
    ]
