"""A share of all rows, from what a model says of each and what people say of a few."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit
from scipy.stats import norm

from labelworks.tasks.methods.inference.audited import Audited
from labelworks.tasks.methods.inference.strata import checked_proxy, strata_of

PRIOR = 0.5  # rows that the proxy counts for in a stratum, beside those looked at
DRAWS = 4000
ALIKE, FEWER = 0.9, 4  # where weights differ within strata: a ratio of few rows is biased, so fewer strata
FAR = 40.0  # log-odds between which proxies are moved
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ShareEstimate:
    """A share of N rows: its value and its interval; looks: rows that people looked at.

    proxy_mean: what the model alone would say; classical: the interval by the rows looked at alone, of the
    width that as many would have had if they were chosen evenly (Wald).
    """

    value: float
    interval: tuple[float, float]
    looks: int
    proxy_mean: float
    classical: tuple[float, float]

    @property
    def width(self) -> float:
        """Of the interval."""
        return self.interval[1] - self.interval[0]


@dataclass(frozen=True)
class _Strata:
    """Strata (H,): their part of the rows, the share of their rows not looked at, and what looks say.

    share: of the rows looked at those that are so, as weighed; hits, misses: its Beta distribution.
    """

    part: Floats
    unseen: Floats
    share: Floats
    hits: Floats
    misses: Floats

    @property
    def mean(self) -> Floats:
        """Of the Beta distribution."""
        return self.hits / (self.hits + self.misses)

    @property
    def value(self) -> Floats:
        """The share, of the rows not looked at as the distribution has it."""
        return self.share + self.unseen * (self.mean - self.share)


def estimate_share(
    proxy: ArrayLike,
    rows: ArrayLike,
    so: ArrayLike,
    shown: ArrayLike | None = None,
    *,
    confidence: float = 0.95,
    seed: int = 0,
) -> ShareEstimate:
    """Which share of N rows is so, such as: has a wrong label, is of a class, is told right by a model.

    proxy (N,): the probability that a model states, good or bad; rows (n,): numbers of the rows that people
    looked at; so (n,) bool: what they said; shown (n,): the probability with which each row was chosen,
    None: among rows of like proxies all were as likely.

    Rows are put into strata by the proxy, each stratum's share is told by its own looks (post-stratification)
    and, as much as half a row, by the proxy after it was moved to what all looks say: a model that is wrong
    everywhere by the same log-odds does no harm. Of rare events no look may have hit any: one more hit, as
    likely as not, in any stratum, is part of the upper end, and one more miss of the lower (mid-P, Fay &
    Feuer 1997, Tiwari et al. 2006). Of the rows themselves: all looked at leaves no doubt.

    Assumes that people are right and that `shown` is true. Sources: Egami et al. (2023, DSL) for the
    probabilities of being shown, Angelopoulos et al. (2023, PPI++) for the use of a model that may be bad.
    Raises InputError for rows that aren't there, come twice or have no probability.
    """
    values = checked_proxy(proxy)
    audited = Audited.checked(rows, so, shown, len(values))
    told = audited.binary
    strata = _strata(values, audited, told)
    lower, upper = _drawn(strata, np.random.default_rng(seed))
    level = (1 - confidence) / 2
    least, most = told.sum() / len(values), 1 - (1 - told).sum() / len(values)  # what is known to be so
    return ShareEstimate(
        value=float(np.clip(strata.part @ strata.value, least, most)),
        interval=(
            float(np.clip(np.quantile(lower, level), least, most)),
            float(np.clip(np.quantile(upper, 1 - level), least, most)),
        ),
        looks=len(told),
        proxy_mean=float(values.mean()),
        classical=_classical(audited, told, confidence),
    )


def _strata(proxy: Floats, audited: Audited, told: Floats) -> _Strata:
    strata, weight = _looked_into(strata_of(proxy, len(told)), audited.rows), audited.weight
    if _effective(strata[audited.rows], weight).sum() < ALIKE * len(told):
        strata = _looked_into(strata_of(proxy, len(told) // FEWER), audited.rows)
    count, of = int(strata.max()) + 1, strata[audited.rows]
    rows, looked = np.bincount(strata, minlength=count), np.bincount(of, minlength=count)
    total = np.bincount(of, weight, count)
    share, effective = np.bincount(of, weight * told, count) / total, _effective(of, weight)
    part = rows / rows.sum()
    seen = float((part @ share * len(told) + 0.5) / (len(told) + 1))
    prior = _moved(np.bincount(strata, proxy, count) / rows, part, seen)
    unbiased = np.maximum((effective - 1) / effective, 0.5)  # n - 1 in place of n (Bessel)
    hits = unbiased * (effective * share + PRIOR * prior)
    misses = unbiased * (effective * (1 - share) + PRIOR * (1 - prior))
    return _Strata(part, 1 - looked / rows, share, hits, misses)


def _effective(strata: NDArray[np.intp], weight: Floats) -> Floats:
    """How many rows of equal weight tell as much in each stratum (H,): Kish (1965)."""
    return np.asarray(np.bincount(strata, weight) ** 2 / np.bincount(strata, weight**2), np.float64)


def _looked_into(strata: NDArray[np.intp], rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Strata (N,) joined with the one below, or the first with the one above, until each has a look."""
    seen = np.unique(strata[rows])
    return np.maximum(np.searchsorted(seen, strata, side="right") - 1, 0)


def _moved(proxy: Floats, part: Floats, seen: float) -> Floats:
    """The proxies (H,), their log-odds moved by as much as makes their mean what the looks say."""
    odds = logit(proxy)
    moved = brentq(lambda by: float(part @ expit(odds + by)) - seen, -FAR, FAR)
    return np.asarray(expit(odds + moved), np.float64)


def _drawn(strata: _Strata, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Shares (DRAWS,) of all rows for the lower end and for the upper, by draws of each stratum's.

    Of a part of the rows that were looked at there is no doubt: the spread is that of the others (Cochran
    1977, the finite population correction).
    """
    count = len(strata.part)
    shares = rng.beta(strata.hits, strata.misses, (DRAWS, count))
    total = (strata.value + np.sqrt(strata.unseen) * (shares - strata.mean)) @ strata.part
    some, likely = rng.integers(0, count, DRAWS), rng.random(DRAWS) < 0.5
    more = likely * rng.beta(1, (strata.hits + strata.misses)[some]) * (strata.unseen * strata.part)[some]
    own = shares[np.arange(DRAWS), some]
    return total - own * more, total + (1 - own) * more


def _classical(audited: Audited, told: Floats, confidence: float) -> tuple[float, float]:
    weight = audited.weight / audited.weight.sum()
    mean = float(weight @ told)
    half = float(norm.ppf((1 + confidence) / 2)) * np.sqrt(mean * (1 - mean) / len(told))
    return max(mean - half, 0.0), min(mean + half, 1.0)
