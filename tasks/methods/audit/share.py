"""A share of all rows, from what a model says of each and what people say of a few, by sums of strata."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit

from labelworks.tasks.methods.audit.audited import Audited
from labelworks.tasks.methods.audit.strata import SURE, ProxySums, Strata, proxy_strata
from labelworks.tasks.methods.statistics.wilson import wilson

LEVEL = 0.95
PRIOR = 0.5  # rows that the proxy counts for in a stratum, beside those looked at
UNTOLD = 0.5  # in place of a proxy: it is moved to what all looks say
DRAWS = 4000
ALIKE, FEWER = 0.9, 4  # where weights differ within strata: a ratio of few rows is biased, so fewer strata
FAR = 40.0  # log-odds between which proxies are moved
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ShareEstimate:
    """A share of N rows: its value and its interval; looks: rows that people looked at.

    proxy_mean: what the model alone would say; classical: the interval by the rows looked at alone, of the
    width that as many would have had if they were chosen evenly (Wilson 1927).
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


@dataclass(frozen=True, eq=False)
class AuditedStrata:
    """Strata (H,) with a look each: rows, the mean proxy, looks and those of them that are so.

    weight, squares, weighed: sums of the looks' weights, of their squares, and of those that are so.
    """

    rows: Floats
    likely: Floats
    looks: Floats
    so: Floats
    weight: Floats
    squares: Floats
    weighed: Floats

    @classmethod
    def of(
        cls, rows: ArrayLike, likely: ArrayLike, stratum: NDArray[np.integer], so: Floats, weight: Floats
    ) -> Self:
        """Of strata (H,) and rows looked at (n,): the stratum of each, whether it is so (0, 1), its weight.

        A stratum without a look is joined with the one below, the first ones with the one above.
        """
        count, stated = np.asarray(rows, np.float64), np.asarray(likely, np.float64)
        seen = np.unique(stratum)
        joined = np.maximum(np.searchsorted(seen, np.arange(len(count)), side="right") - 1, 0)
        size, into = len(seen), joined[stratum]
        total, mass = (np.bincount(joined, amount, size) for amount in (count, count * stated))
        sums = (np.bincount(into, factor, size) for factor in (None, so, weight, weight**2, weight * so))
        looks, *others = (total.astype(np.float64) for total in sums)
        return cls(np.maximum(total, looks), mass / total, looks, *others)

    @property
    def effective(self) -> Floats:
        """How many rows of equal weight tell as much in each stratum (H,): Kish (1965)."""
        return np.asarray(self.weight**2 / self.squares)

    @property
    def part(self) -> Floats:
        """Of all rows, those of each stratum (H,)."""
        return np.asarray(self.rows / self.rows.sum())

    @property
    def unseen(self) -> Floats:
        """Share of each stratum (H,) that was not looked at: what was, is known."""
        return 1 - self.looks / self.rows

    @property
    def share(self) -> Floats:
        """Of the looks (H,), as weighed, those that are so."""
        return np.asarray(self.weighed / self.weight)


@dataclass(frozen=True, eq=False)
class _Beta:
    """Distributions (H,) of the strata's shares."""

    hits: Floats
    misses: Floats

    @property
    def mean(self) -> Floats:
        return np.asarray(self.hits / (self.hits + self.misses))


def estimate_share(
    proxy: ArrayLike,
    rows: ArrayLike,
    so: ArrayLike,
    shown: ArrayLike | None = None,
    *,
    confidence: float = LEVEL,
    seed: int = 0,
) -> ShareEstimate:
    """Which share of N rows is so, such as: has a wrong label, is of a class, is told right by a model.

    proxy (N,): the probability that a model states, good or bad; rows (n,): numbers of the rows that people
    looked at; so (n,) bool: what they said; shown (n,): the probability with which each row was chosen,
    None: among rows of like proxies all were as likely. Rows are put into strata by the proxy, and then
    `strata_share` answers.

    Raises InputError for rows that aren't there, come twice or have no probability.
    """
    sums = ProxySums.of(proxy)
    values = np.asarray(proxy, np.float64)
    audited = Audited.checked(rows, so, shown, len(values))
    binary, stated = audited.binary, values[audited.rows]
    strata = _looked(proxy_strata(sums, len(binary)), stated, binary, audited.weight)
    if strata.effective.sum() < ALIKE * len(binary):
        strata = _looked(proxy_strata(sums, len(binary) // FEWER), stated, binary, audited.weight)
    return strata_share(strata, confidence=confidence, seed=seed)


def strata_share(strata: AuditedStrata, *, confidence: float = LEVEL, seed: int = 0) -> ShareEstimate:
    """Which share of the rows of some strata is so, by their sums.

    Each stratum's share is told by its own looks (post-stratification) and, as much as half a row, by the
    proxy after it was moved to what all looks say: a model that is wrong everywhere by the same log-odds does
    no harm. Of rare events no look may have hit any: one more hit, as likely as not, in any stratum, is part
    of the upper end, and one more miss of the lower (mid-P, Fay & Feuer 1997, Tiwari et al. 2006). It is of
    the rows themselves: all looked at leaves no doubt.

    Assumes that people are right and that the weights are true. Sources: Egami et al. (2023, DSL) for the
    probabilities of being shown, Angelopoulos et al. (2023, PPI++) for the use of a model that may be bad.
    """
    beta = _beta(strata)
    lower, upper = _drawn(strata, beta, np.random.default_rng(seed))
    level, total, looks = (1 - confidence) / 2, strata.rows.sum(), strata.looks.sum()
    least, most = strata.so.sum() / total, 1 - (looks - strata.so.sum()) / total  # what is known to be so
    return ShareEstimate(
        value=float(np.clip(strata.part @ _values(strata, beta), least, most)),
        interval=(
            float(np.clip(np.quantile(lower, level), least, most)),
            float(np.clip(np.quantile(upper, 1 - level), least, most)),
        ),
        looks=round(float(looks)),
        proxy_mean=float(strata.part @ strata.likely),
        classical=_classical(strata, confidence),
    )


def expected_width(strata: Strata, looks: NDArray[np.int64]) -> float:
    """How wide the interval is likely to be that looks (H,) give, where strata are as is likely."""
    seen = np.asarray(looks, np.float64)
    hits = seen * strata.likely
    likely = AuditedStrata(strata.rows.astype(np.float64), strata.likely, seen, hits, seen, seen, hits)
    return strata_share(likely).width


def _looked(strata: Strata, stated: Floats, told: Floats, weight: Floats) -> AuditedStrata:
    return AuditedStrata.of(strata.rows, strata.likely, strata.of(stated), told, weight)


def _beta(strata: AuditedStrata) -> _Beta:
    looks, share, effective = strata.looks.sum(), strata.share, strata.effective
    seen = float((strata.part @ share * looks + 0.5) / (looks + 1))
    prior = _moved(np.clip(strata.likely, SURE, 1 - SURE), strata.part, seen)
    unbiased = np.maximum((effective - 1) / effective, 0.5)  # n - 1 in place of n (Bessel)
    hits = unbiased * (effective * share + PRIOR * prior)
    return _Beta(hits, unbiased * (effective * (1 - share) + PRIOR * (1 - prior)))


def _values(strata: AuditedStrata, beta: _Beta) -> Floats:
    """Shares (H,): of the rows not looked at as their distribution has it."""
    return np.asarray(strata.share + strata.unseen * (beta.mean - strata.share))


def _moved(proxy: Floats, part: Floats, seen: float) -> Floats:
    """The proxies (H,), their log-odds moved by as much as makes their mean what the looks say."""
    odds = logit(proxy)
    moved = brentq(lambda by: float(part @ expit(odds + by)) - seen, -FAR, FAR)
    return np.asarray(expit(odds + moved), np.float64)


def _drawn(strata: AuditedStrata, beta: _Beta, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Shares (DRAWS,) of all rows for the lower end and for the upper, by draws of each stratum's.

    Of a part of the rows that were looked at there is no doubt: the spread is that of the others (Cochran
    1977, the finite population correction).
    """
    count, part, unseen = len(strata.rows), strata.part, strata.unseen
    shares = rng.beta(beta.hits, beta.misses, (DRAWS, count))
    total = (_values(strata, beta) + np.sqrt(unseen) * (shares - beta.mean)) @ part
    some, likely = rng.integers(0, count, DRAWS), rng.random(DRAWS) < 0.5
    more = likely * rng.beta(1, (beta.hits + beta.misses)[some]) * (unseen * part)[some]
    own = shares[np.arange(DRAWS), some]
    return total - own * more, total + (1 - own) * more


def _classical(strata: AuditedStrata, confidence: float) -> tuple[float, float]:
    low, high = wilson(strata.weighed.sum() / strata.weight.sum(), strata.looks.sum(), confidence)
    return float(low), float(high)
