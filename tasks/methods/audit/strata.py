"""Strata of rows by what a model says of them, from sums that merge over partitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logit

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.arrays import numbers

Floats = NDArray[np.float64]
BINS = 1000  # of the log-odds of a probability
SURE = 1e-6  # proxies nearer to 0 and 1 say no more
EVEN = 0.5  # of the looks: as many in each stratum as it has rows, whatever the proxy says
LOOKS = 10  # in a stratum, at least, about
COUNTS = (1, 2, 5, 10, 20)  # of strata: steps, so that more looks still go to the same ones


@dataclass(frozen=True, eq=False)
class ProxySums:
    """Rows (B,) by the probability that a model states, sums (B,) of it and of its standard deviation."""

    rows: Floats
    stated: Floats
    spread: Floats

    @classmethod
    def of(cls, proxy: ArrayLike) -> ProxySums:
        """Those of rows (N,). Raises InputError for rows that hold no probability."""
        values = checked_proxy(proxy)
        bins, deviation = bin_of(values), np.sqrt(values * (1 - values))
        rows, stated, spread = (np.bincount(bins, weight, BINS) for weight in (None, values, deviation))
        return cls(*(total.astype(np.float64) for total in (rows, stated, spread)))

    @classmethod
    def merged(cls, parts: Sequence[ProxySums]) -> ProxySums:
        """One of many."""
        rows, stated, spread = (
            np.sum([getattr(part, name) for part in parts], axis=0) for name in ("rows", "stated", "spread")
        )
        return cls(rows, stated, spread)


@dataclass(frozen=True, eq=False)
class Strata:
    """Strata (H,): the bin at which each begins, its rows, and of these the mean probability and spread."""

    first: NDArray[np.int64]
    rows: NDArray[np.int64]
    likely: Floats
    spread: Floats

    def of(self, proxy: ArrayLike) -> NDArray[np.int64]:
        """The stratum of each row (N,), by its probability."""
        bins = bin_of(checked_proxy(proxy))
        return np.asarray(np.searchsorted(self.first, bins, side="right") - 1, np.int64)


def proxy_strata(sums: ProxySums, looks: int) -> Strata:
    """Strata of rows with like proxies, for so many looks: LOOKS or more in each.

    Each has as much of what a row counts for: half alike, half by its standard deviation as the proxy has it
    (Dalenius & Hodges 1959), so that a good proxy gets as many looks in each.
    """
    counts = np.cumsum(EVEN * sums.rows / sums.rows.sum() + (1 - EVEN) * sums.spread / sums.spread.sum())
    wanted = max(count for count in COUNTS if count <= max(looks // LOOKS, 1))
    ends = np.searchsorted(counts, np.arange(1, wanted) / wanted) + 1
    firsts = np.unique(np.concatenate([[0], ends[ends < BINS]]))
    rows, stated, spread = (np.add.reduceat(of, firsts) for of in (sums.rows, sums.stated, sums.spread))
    kept = np.flatnonzero(rows > 0)
    first = firsts[kept].astype(np.int64)
    first[0] = 0
    count = rows[kept]
    return Strata(first, count.astype(np.int64), stated[kept] / count, spread[kept] / count)


def bin_of(proxy: Floats) -> NDArray[np.int64]:
    """The bins (N,) of checked probabilities (N,): of equal width in their log-odds."""
    end = logit(1 - SURE)
    return np.asarray(np.clip((logit(proxy) / end + 1) / 2 * BINS, 0, BINS - 1).astype(np.int64))


def checked_proxy(proxy: ArrayLike) -> Floats:
    """Probabilities (N,) float64, not quite 0 or 1; raises InputError for rows that hold no probability."""
    values = numbers(proxy, "proxy").astype(np.float64)
    if values.ndim != 1 or not values.size:
        raise InputError(f"proxy has the shape {values.shape}", where="proxy", fix="give one of (N,), N > 0")
    bad = ~((values >= 0) & (values <= 1))
    if bad.any():
        row = int(bad.argmax())
        raise InputError(
            f"proxy is {values[row]}", where=f"row {row}", fix="give the probability that a model states"
        )
    return np.clip(values, SURE, 1 - SURE)
