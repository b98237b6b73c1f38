"""Rows drawn by stratum without replacement, by the hashes of their ids: parts merge, more looks add rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MIXES = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))  # Steele 2014
SEEDS = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, eq=False)
class Drawn:
    """Candidates (n,): the stratum, the order (the first are drawn) and the place of each; H strata.

    rows (H,): how many there are to draw from; mark: names all these, whatever the order they come in.
    """

    stratum: NDArray[np.int64]
    order: NDArray[np.uint64]
    place: NDArray[np.int64]
    rows: NDArray[np.int64]
    mark: int

    @classmethod
    def of(
        cls, hashes: NDArray[np.uint64], stratum: NDArray[np.int64], strata: int, most: int, seed: int
    ) -> Drawn:
        """Those of rows (N,), by their ids' hashes and strata: of each stratum the first `most`."""
        order = mixed(hashes, seed)
        found = cls(
            np.asarray(stratum, np.int64), order, np.arange(len(hashes)),
            np.bincount(stratum, minlength=strata).astype(np.int64), _mark(hashes, stratum),
        )  # fmt: skip
        return found.first(np.full(strata, most))

    @classmethod
    def merged(cls, parts: Sequence[Drawn], places: Sequence[int], most: int) -> Drawn:
        """One of many; places: what is added to the places of each part."""
        found = cls(
            np.concatenate([part.stratum for part in parts]),
            np.concatenate([part.order for part in parts]),
            np.concatenate([part.place + start for part, start in zip(parts, places, strict=True)]),
            np.sum([part.rows for part in parts], axis=0),
            sum(part.mark for part in parts) % 2**64,
        )
        return found.first(np.full(len(found.rows), most))

    def first(self, looks: NDArray[np.int64]) -> Drawn:
        """The first ones of each stratum, by how many looks (H,) it is given."""
        order = np.lexsort((self.order, self.stratum))
        stratum = self.stratum[order]
        begins = np.searchsorted(stratum, np.arange(len(self.rows)))
        kept = order[np.arange(len(order)) - begins[stratum] < looks[stratum]]
        return Drawn(self.stratum[kept], self.order[kept], self.place[kept], self.rows, self.mark)


def mixed(hashes: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    """Hashes (N,) stirred by a seed: an order of the rows that has nothing to do with any other of them."""
    with np.errstate(over="ignore"):
        found = hashes + SEEDS * np.uint64(seed + 1)
        found = (found ^ (found >> np.uint64(30))) * MIXES[0]
        found = (found ^ (found >> np.uint64(27))) * MIXES[1]
    return np.asarray(found ^ (found >> np.uint64(31)))


def _mark(hashes: NDArray[np.uint64], stratum: NDArray[np.int64]) -> int:
    with np.errstate(over="ignore"):
        return int(mixed(hashes ^ mixed(stratum.astype(np.uint64), 1), 0).sum(dtype=np.uint64))
