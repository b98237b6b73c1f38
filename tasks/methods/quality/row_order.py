"""Whether rows that lie near one another in the order of a dataset are more alike than others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PERMUTATIONS = 199  # of the order: the least p-value is 1 in 200


@dataclass(frozen=True)
class RowOrder:
    """How far the order of N rows tells what is in them.

    effect: the largest difference between the distribution of the distances in the order from rows to their
    neighbours in the features, and that of all pairs (Kolmogorov & Smirnov); p_value: of orders at random.
    score (N,): in [0, 1], 1 where a row's neighbours lie anywhere.
    """

    effect: float
    p_value: float
    score: NDArray[np.float64]


def row_order(neighbours: NDArray[np.integer]) -> RowOrder:
    """Test the order in which rows come; neighbours (N, k): places of the nearest other rows in the features.

    Were rows drawn independently, any order of them would be as likely, so the p-value holds whatever the
    features are: it counts random orders whose effect is as large. The statistic is that of Datalab's non-iid
    check; the p-value is counted, where theirs is of a density fitted to 25 orders.
    """
    rows = len(neighbours)
    effect = _effect(np.abs(np.arange(rows)[:, None] - neighbours), rows)
    rng = np.random.default_rng(0)
    as_large = 0
    for _ in range(PERMUTATIONS):
        order = rng.permutation(rows)
        as_large += _effect(np.abs(order[:, None] - order[neighbours]), rows) >= effect
    return RowOrder(effect, (1 + as_large) / (1 + PERMUTATIONS), _scores(neighbours))


def _effect(apart: NDArray[np.integer], rows: int) -> float:
    """Largest difference of the cumulative distributions of some distances in the order, and of all pairs."""
    seen = np.cumsum(np.bincount(apart.ravel(), minlength=rows)[1:]) / apart.size
    pairs = np.arange(rows - 1, 0, -1.0)
    return float(np.abs(seen - np.cumsum(pairs) / pairs.sum()).max())


def _scores(neighbours: NDArray[np.integer]) -> NDArray[np.float64]:
    """1 − the area between the distributions of a row's distances and of all others', by the largest one.

    Between two neighbours the areas above and below cancel, as in Datalab.
    """
    rows, k = neighbours.shape
    place = np.arange(rows)[:, None]
    farthest = np.maximum(place, rows - 1 - place)
    apart = np.sort(np.abs(place - neighbours), axis=1)
    ends = np.concatenate([np.zeros((rows, 1)), apart, np.full((rows, 1), rows - 1.0)], axis=1)
    seen = np.arange(k + 1) / k * np.diff(ends, axis=1)
    usual = np.diff(_below(ends, rows - 1 - farthest, rows), axis=1)
    return np.asarray(1.0 - np.tanh(np.abs(seen - usual).sum(axis=1) / farthest[:, 0]))


def _below(ends: NDArray[np.float64], shorter: NDArray[np.integer], rows: int) -> NDArray[np.float64]:
    """Areas under the cumulative distribution of a row's distances to all others, up to some of them.

    shorter (N, 1): how many rows there are on the side with fewer: up to there each distance occurs twice.
    """
    longer = rows - 1 - shorter
    twice = np.minimum(ends, shorter) ** 2 / (rows - 1)
    once = np.clip(ends - shorter, 0.0, longer - shorter)
    return np.asarray(
        twice + once * (2.0 * shorter + 0.5 * once) / (rows - 1) + np.maximum(ends - longer, 0.0)
    )
