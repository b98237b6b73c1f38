"""Two rows whose numbers were exchanged: found among those that look wrong, by a likelihood ratio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.stats import norm

from labelworks.tasks.methods.regression.any_label import AnyLabel

NEAREST = 12  # rows that a row is compared with
STEPS = 30
MOST = 1 << 20  # suspects among which pairs are sought: of more, too many fit by chance
ENDS = 2 * 1.959963984540054  # scales between the ends of what is usual
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ExchangedPairs:
    """Of suspects (S,): the other row of the pair, -1 where none is likely; P(the two were exchanged)."""

    other: NDArray[np.int64]
    probability: Floats

    @classmethod
    def find(cls, given: Floats, low: Floats, high: Floats, error: Floats) -> ExchangedPairs:
        """Pairs among suspects: numbers (S,), the ends (S,) of what would be usual there, P(wrong) (S,).

        Each number of a pair is usual where the other is. How likely that is by chance, the density of the
        suspects' numbers says; how many were exchanged at all, EM does: where a row fits many others, or
        exchanged ones are no more than chance explains, none is claimed. The probability of a pair is the
        smaller of what its two rows say, each having one partner at most.
        """
        count = len(given)
        nobody = cls(np.full(count, -1), np.zeros(count))
        if not 3 <= count <= MOST:
            return nobody
        place, ratio = _candidates(given, low, high)
        doubt = np.clip((1 - error) / np.maximum(error, 1e-9), 0, None)
        share, gain = 0.5, 0.0
        for _ in range(STEPS):
            paired = share / (count - 1) * ratio
            total = paired.sum(axis=1) + (1 - share) + doubt
            gain = float(np.log(total / (1 + doubt)).sum())
            share = float(np.clip((paired.sum(axis=1) / total).mean(), 1e-9, 1 - 1e-9))
        if gain <= np.log(count):
            return nobody
        return cls(*_mutual(place, paired / total[:, None]))


def _candidates(given: Floats, low: Floats, high: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Places (S, C) of the rows that fit best, and how much likelier exchanged than by chance (S, C)."""
    centre, scale = (low + high) / 2, np.maximum((high - low) / ENDS, 1e-150)
    here, there = np.column_stack([given, centre]), np.column_stack([centre, given])
    usual = float(np.median(scale))
    _, place = cKDTree(there / usual).query(here / usual, k=min(NEAREST, len(given)))
    chance = np.maximum(AnyLabel.fit(given).of_others(given), 1e-300)
    mine = norm.logpdf(given[:, None], centre[place], scale[place])
    theirs = norm.logpdf(given[place], centre[:, None], scale[:, None])
    log_ratio = mine + theirs - np.log(chance)[:, None] - np.log(chance)[place]
    ratio = np.exp(np.minimum(log_ratio, 600.0))
    return place, np.where(place == np.arange(len(given))[:, None], 0.0, ratio)


def _mutual(place: NDArray[np.int64], claim: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Each row's likeliest partner (S,) where it is the other's too, and the smaller of both claims."""
    rows = np.arange(len(place))
    best = claim.argmax(axis=1)
    other, sure = place[rows, best], claim[rows, best]
    both = (other[other] == rows) & (sure > 0)
    return np.where(both, other, -1), np.where(both, np.minimum(sure, sure[other]), 0.0)
