"""Which rows people look at: strata of like proxies, more looks where these can't tell, half of them even."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.arrays import numbers

EVEN = 0.5  # of the looks: as many in each stratum as it has rows, whatever the proxy says
LOOKS = 10  # in a stratum, about
SURE = 1e-6  # proxies nearer to 0 and 1 say no more
Floats = NDArray[np.float64]


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


def strata_of(proxy: Floats, looks: int) -> NDArray[np.intp]:
    """Strata (N,) from 0 on of rows with like proxies (N,), equal ones together, for about LOOKS looks each.

    Each has as much of what a row counts for: half alike, half by its standard deviation as the proxy has it
    (Dalenius & Hodges 1959), so that a good proxy gets as many looks in each.
    """
    spread = np.sqrt(proxy * (1 - proxy))
    order = np.argsort(proxy, kind="stable")
    counts = np.cumsum((EVEN / len(proxy) + (1 - EVEN) * spread / spread.sum())[order])
    wanted = max(min(looks // LOOKS, len(proxy) // 2), 1)
    ends = np.searchsorted(counts, np.arange(1, wanted) / wanted)
    strata = np.searchsorted(proxy[order[ends]], proxy, side="right")
    return np.asarray(np.unique(strata, return_inverse=True)[1], np.intp)


def allocation(strata: NDArray[np.intp], proxy: Floats, looks: int) -> NDArray[np.intp]:
    """How many rows of each stratum (H,) to look at: at least one, `looks` in all, none of them twice.

    Half by its rows, half by its rows' standard deviations (Neyman 1934): where the proxy is bad, the even
    half still bounds the variance.
    """
    rows = np.bincount(strata)
    spread = np.bincount(strata, np.sqrt(proxy * (1 - proxy)))
    wanted = looks * (EVEN * rows / rows.sum() + (1 - EVEN) * spread / spread.sum())
    found = np.minimum(np.maximum(np.floor(wanted).astype(np.intp), 1), rows)
    while found.sum() < min(looks, len(strata)):
        short = np.where(found < rows, wanted - found, -np.inf)
        found[int(short.argmax())] += 1
    return np.asarray(found, np.intp)


def audit_sample(proxy: ArrayLike, looks: int, *, seed: int = 0) -> tuple[NDArray[np.intp], Floats]:
    """Rows (n,) to look at, in order, and the probability (n,) with which each was chosen.

    proxy (N,): the probability that a model states for what is asked, such as that a label is wrong. Raises
    InputError for a proxy that holds none, ConfigError where fewer than 1 look is asked for.
    """
    values = checked_proxy(proxy)
    if looks < 1:
        raise ConfigError(f"{looks} looks are asked for", where="looks", fix="ask for at least one")
    strata = strata_of(values, looks)
    wanted, rng = allocation(strata, values, looks), np.random.default_rng(seed)
    chosen = [
        rng.choice(np.flatnonzero(strata == stratum), count, replace=False)
        for stratum, count in enumerate(wanted)
    ]
    rows = np.sort(np.concatenate(chosen))
    return rows, (wanted / np.bincount(strata))[strata[rows]]
