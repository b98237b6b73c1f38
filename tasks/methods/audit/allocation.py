"""How many rows of each stratum are looked at, and how many it takes to know a share so well."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.audit.strata import EVEN, ProxySums, proxy_strata

Floats = NDArray[np.float64]
LEAST = 2  # looks in a stratum that has as many rows
MOST = 1_000_000


def allocated(rows: ArrayLike, spread: ArrayLike, looks: int) -> NDArray[np.int64]:
    """Looks (H,) by stratum: half by its rows (H,), half by rows × spread (H,), the optimum (Neyman 1934).

    A stratum of few rows is looked at whole; what is left goes to the others. Raises ConfigError for too few
    looks for the strata that there are.
    """
    count, width = np.asarray(rows, np.int64), np.asarray(spread, np.float64)
    looks = min(looks, int(count.sum()))
    least = np.minimum(count, LEAST)
    if looks < least.sum():
        raise ConfigError(
            f"{looks} looks are too few for {len(count)} strata",
            where="looks",
            fix=f"{least.sum()} at least",
        )
    wanted = count * width
    shares = EVEN * count / count.sum() + (1 - EVEN) * wanted / max(wanted.sum(), 1e-300)
    granted, whole = least.astype(np.float64), np.zeros(len(count), bool)
    for _ in count:  # each time a stratum is looked at whole, the others share what is left
        free = ~whole
        left = looks - granted[whole].sum()
        granted[free] = np.maximum(left * shares[free] / max(shares[free].sum(), 1e-300), least[free])
        over = free & (granted >= count)
        if not over.any():
            break
        granted[over], whole = count[over], whole | over
    return _rounded(granted, least, count, looks)


def _rounded(
    found: Floats, least: NDArray[np.int64], most: NDArray[np.int64], looks: int
) -> NDArray[np.int64]:
    """Whole numbers (H,) within bounds that add up to the looks, the nearest ones."""
    whole = np.clip(np.floor(found).astype(np.int64), least, most)
    while (left := looks - int(whole.sum())) != 0:
        step = 1 if left > 0 else -1
        free = whole < most if step > 0 else whole > least
        place = int(np.argmax(np.where(free, step * (found - whole), -np.inf)))
        whole[place] += step
    return whole


def needed_looks(width: float, expected: Callable[[int], float], most: int = MOST) -> int:
    """The fewest looks whose expected interval is no wider than so much; ConfigError where none is.

    expected: the width that so many looks are likely to give, which falls with them.
    """
    low, high = 1, most
    if width <= 0 or expected(most) > width:
        raise ConfigError(
            f"no interval is so narrow: all {most:,} rows looked at give {expected(most):.4f}",
            where="--width",
            fix="ask for a wider one",
        )
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if expected(middle) <= width else (middle + 1, high)
    return low


def audit_sample(proxy: ArrayLike, looks: int, *, seed: int = 0) -> tuple[NDArray[np.intp], Floats]:
    """Rows (n,) to look at, in order, and the probability (n,) with which each was chosen.

    proxy (N,): the probability that a model states for what is asked, such as that a label is wrong. Raises
    InputError for a proxy that holds none, ConfigError where fewer than two looks are asked for.
    """
    strata = proxy_strata(ProxySums.of(proxy), looks)
    counts = allocated(strata.rows, strata.spread, looks)
    stratum, rng = strata.of(proxy), np.random.default_rng(seed)
    chosen = [
        rng.choice(np.flatnonzero(stratum == number), count, replace=False)
        for number, count in enumerate(counts)
    ]
    rows = np.sort(np.concatenate(chosen))
    return rows, (counts / strata.rows)[stratum[rows]]
