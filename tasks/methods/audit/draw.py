"""Rows drawn by stratum without replacement, by the hashes of their ids: parts merge, more looks add rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.arrays import GAMMA, splitmix


@dataclass(frozen=True, eq=False)
class Drawn:
    """Candidates (n,): the stratum, the order (the first are drawn) and the place of each; H strata.

    rows (H,): how many there are to draw from; mark: names all these, whatever the order they come in;
    part (n,): of which part each is, where parts were merged.
    """

    stratum: NDArray[np.int64]
    order: NDArray[np.uint64]
    place: NDArray[np.int64]
    rows: NDArray[np.int64]
    mark: int
    part: NDArray[np.int64] | None = None

    @classmethod
    def of(
        cls,
        hashes: NDArray[np.uint64],
        stratum: NDArray[np.int64],
        place: NDArray[np.integer],
        strata: int,
        most: int,
        seed: int,
    ) -> Drawn:
        """Of rows (N,), by their ids' hashes, strata and places, the first `most` of each stratum."""
        order = mixed(hashes, seed)
        drawn = cls(
            np.asarray(stratum, np.int64), order, np.asarray(place, np.int64),
            np.bincount(stratum, minlength=strata).astype(np.int64), mark_of(hashes, stratum),
        )  # fmt: skip
        return drawn.first(np.full(strata, most))

    @classmethod
    def merged(cls, parts: Sequence[Drawn], looks: NDArray[np.int64]) -> Drawn:
        """One of many, as many of each stratum as it has looks (H,); part: which of them each is of."""
        drawn = cls(
            np.concatenate([part.stratum for part in parts]),
            np.concatenate([part.order for part in parts]),
            np.concatenate([part.place for part in parts]),
            np.sum([part.rows for part in parts], axis=0),
            sum(part.mark for part in parts) % 2**64,
            np.repeat(np.arange(len(parts)), [len(part.place) for part in parts]),
        )
        return drawn.first(looks)

    def first(self, looks: NDArray[np.int64]) -> Drawn:
        """The first ones of each stratum, by how many looks (H,) it is given."""
        order = np.lexsort((self.order, self.stratum))
        stratum = self.stratum[order]
        begins = np.searchsorted(stratum, np.arange(len(self.rows)))
        kept = order[np.arange(len(order)) - begins[stratum] < looks[stratum]]
        part = None if self.part is None else self.part[kept]
        return Drawn(self.stratum[kept], self.order[kept], self.place[kept], self.rows, self.mark, part)


def mixed(hashes: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    """Hashes (N,) stirred by a seed: an order of the rows that has nothing to do with any other of them."""
    with np.errstate(over="ignore"):
        return splitmix(hashes + GAMMA * np.uint64(seed + 1))


def mark_of(hashes: NDArray[np.uint64], said: NDArray[np.integer]) -> int:
    """Names rows (N,), in whatever order, by their ids' hashes and what is said of them."""
    with np.errstate(over="ignore"):
        return int(with_said(hashes, said).sum(dtype=np.uint64))


def with_said(hashes: NDArray[np.uint64], said: NDArray[np.integer]) -> NDArray[np.uint64]:
    """Hashes (N,) of rows, by those of their ids, together with what is said of each."""
    return mixed(hashes ^ mixed(said.astype(np.uint64), 1), 0)
