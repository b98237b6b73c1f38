"""How many of the labels that a classifier contradicts are wrong: told by how sure it is of them.

Labels that went wrong by class alone are as common among sure rows as among hard ones. A classifier's own
mistakes aren't: they grow with how unsure it is, in a way that differs from data to data. So the contradicted
labels, counted from the surest rows to the hardest, tell one from the other, as far as there are enough. A
classifier that knows little errs on sure rows too: there neighbours dispute what it says, whatever is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

STRATA = 10
LEAST = (0.05, 0.2)  # of a classifier's mistakes a row, where it is surest: it makes some there as well
STEEP = (2.0, 3.0, 5.0, 8.0, 14.0)  # powers of the place by which mistakes grow to the hardest row
SHARES = (np.arange(200) + 0.5) / 200
BEFORE = 0.5  # contradicted labels where there are none, and of each kind before any is seen (Jeffreys 1946)
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PossibleErrors:
    """How many errors there are for each that the transition speaks of (T,), and how likely that is (T,)."""

    times: Floats
    weight: Floats

    @property
    def mean(self) -> float:
        """The number to be expected."""
        return float(self.times @ self.weight)


def possible_errors(
    contradicted: NDArray[np.bool_],
    expected: Floats,
    place: Floats,
    heard: NDArray[np.bool_],
    disputed: Floats | None = None,
) -> PossibleErrors:
    """What the contradicted labels among the rows that are heard (N,) say of the share that is wrong.

    contradicted (N,): whether the likeliest class isn't the given one; expected (N,): P(it is contradicted as
    it is wrong) by the transition; place (N,): in [0, 1), 0 the row of which the classifier is surest;
    disputed (N,): 1 where neighbours vote for another class than the likeliest, NaN where they weren't asked.
    Mistakes go by powers of the place, or as disputes do: both are as likely before any label is seen. Of the
    share that is wrong nothing is known before (Jeffreys' prior of a binomial); how many contradicted labels
    lie in each stratum is multinomial.
    """
    stratum = _stratum(place[heard])
    rows = np.bincount(stratum, minlength=STRATA).astype(np.float64)
    seen = np.bincount(stratum, contradicted[heard], STRATA)
    wrong = np.bincount(stratum, expected[heard], STRATA) + 1e-9
    ways = _mistakes(rows)
    if disputed is not None:
        ways += [_disputes(disputed, place, rows, np.mean(ways, axis=0))] * len(ways)
    likelihood = np.array([seen @ np.log(_spread(wrong, mistakes)) for mistakes in ways])
    weight = np.exp(likelihood - likelihood.max()).sum(axis=0)
    weight *= (SHARES * (1 - SHARES)) ** (BEFORE - 1)
    return PossibleErrors(SHARES * max(seen.sum(), BEFORE) / wrong.sum(), weight / weight.sum())


def _spread(wrong: NDArray[np.floating], mistakes: Floats) -> Floats:
    """How contradicted labels spread over the strata (STRATA, T), for each share of them that is wrong."""
    both = wrong[:, None] / wrong.sum() * SHARES + mistakes[:, None] * (1 - SHARES)
    return np.asarray(both + 1e-12, np.float64)


def _mistakes(rows: NDArray[np.floating]) -> list[Floats]:
    """Ways in which mistakes may spread over strata of so many rows (STRATA,)."""
    place = (np.arange(STRATA) + 0.5) / STRATA
    spread = []
    for power, least in product(STEEP, LEAST):
        rate = place**power / (place**power @ rows / rows.sum())
        mistakes = (least + (1 - least) * rate) * rows
        spread.append(mistakes / mistakes.sum())
    return spread


def _disputes(disputed: Floats, place: Floats, rows: Floats, before: Floats) -> Floats:
    """Mistakes that spread over strata of so many rows (STRATA,) as disputes do among all rows (N,).

    before (STRATA,): how mistakes spread before any is seen.
    """
    asked = ~np.isnan(disputed)
    stratum = _stratum(place[asked])
    share = np.bincount(stratum, disputed[asked], STRATA) / np.maximum(
        np.bincount(stratum, minlength=STRATA), 1
    )
    mistakes = rows * share + STRATA * BEFORE * before
    return np.asarray(mistakes / mistakes.sum())


def _stratum(place: Floats) -> NDArray[np.intp]:
    return np.minimum((place * STRATA).astype(np.intp), STRATA - 1)
