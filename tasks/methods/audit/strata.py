"""Strata of rows by how likely their label is wrong, from sums that merge over partitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BINS = 1000  # of a probability
STRATA = 6  # at most: more gain little once the score is cut at its roots (Cochran 1977, 5A.8)


@dataclass(frozen=True, eq=False)
class Risks:
    """Rows (B,) by their error probability, and the sum (B,) of these; of partitions they add up."""

    rows: Floats
    risk: Floats

    @classmethod
    def of(cls, error: NDArray[np.floating]) -> Risks:
        """Those of rows (N,)."""
        values = np.clip(np.asarray(error, np.float64), 0, 1)
        bins = bin_of(values)
        rows = np.bincount(bins, minlength=BINS).astype(np.float64)
        return cls(rows, np.bincount(bins, values, BINS).astype(np.float64))

    @classmethod
    def merged(cls, parts: Sequence[Risks]) -> Risks:
        """One of many."""
        return cls(
            np.sum([part.rows for part in parts], axis=0), np.sum([part.risk for part in parts], axis=0)
        )


@dataclass(frozen=True, eq=False)
class Strata:
    """Strata (H,): the bin at which each begins, rows of each, and the share that is likely to be wrong."""

    first: NDArray[np.int64]
    rows: NDArray[np.int64]
    likely: Floats

    def of(self, error: NDArray[np.floating]) -> NDArray[np.int64]:
        """The stratum of each row (N,)."""
        bins = bin_of(np.clip(np.asarray(error, np.float64), 0, 1))
        return np.asarray(np.searchsorted(self.first, bins, side="right") - 1, np.int64)


def score_strata(risks: Risks, most: int = STRATA) -> Strata:
    """Cut the error probabilities where the root of their frequency has added up to equal shares.

    Source: Dalenius & Hodges 1959.
    """
    roots = np.cumsum(np.sqrt(risks.rows))
    wanted = roots[-1] * np.arange(1, most) / most
    cuts = np.unique(np.concatenate([[0], np.searchsorted(roots, wanted) + 1]))
    firsts = [int(cut) for cut in cuts if cut < BINS]
    rows = np.add.reduceat(risks.rows, firsts)
    risk = np.add.reduceat(risks.risk, firsts)
    kept = np.flatnonzero(rows > 0)
    first = np.array(firsts, np.int64)[kept]
    first[0] = 0
    return Strata(first, rows[kept].astype(np.int64), risk[kept] / rows[kept])


def bin_of(values: Floats) -> NDArray[np.int64]:
    """The bins (N,) of probabilities (N,)."""
    return np.minimum((values * BINS).astype(np.int64), BINS - 1)
