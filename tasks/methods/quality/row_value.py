"""What a labelled row is worth to those beside it, and how unlike others it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BLOCK = 256  # rows whose distances to all others are in memory


def knn_shapley(
    features: NDArray[np.floating], given: NDArray[np.integer], k: int = 10, *, within: int | None = None
) -> NDArray[np.float64]:
    """Shapley value (N,) of each row for a vote of the k nearest, tested on all the other rows in turn.

    features (N, D), compared by Euclidean distance; given (N,): labels. Exact: the values sum to the mean
    share of a row's k nearest that bear its label. Below 0 a row does more harm than good. within: ranks
    beyond it count for nothing (as if the last of them were worth 0), as in Datalab with k. Ties in distance
    are broken by row. Source: Jia 2019, theorem 1.
    """
    rows = len(given)
    reach = rows - 1 if within is None else min(within, rows - 1)
    if reach < 1:
        return np.zeros(rows)
    values = np.asarray(features, np.float64)
    centred = values - values.mean(axis=0)
    norms = np.einsum("nd,nd->n", centred, centred)
    ranks = np.arange(1, reach + 1)
    step = np.minimum(k, ranks) / (k * ranks)
    total = np.zeros(rows)
    for start in range(0, rows, BLOCK):
        own = np.arange(start, min(start + BLOCK, rows))
        apart = norms - 2.0 * centred[own] @ centred.T
        apart[np.arange(len(own)), own] = np.inf
        order = np.argsort(apart, axis=1, kind="stable")[:, :reach]
        agrees = (given[order] == given[own, None]).astype(np.float64)
        last = agrees[:, -1:] * step[-1] * (reach == rows - 1)
        worth = np.concatenate([(agrees[:, :-1] - agrees[:, 1:]) * step[:-1], last], axis=1)
        worth = np.cumsum(worth[:, ::-1], axis=1)[:, ::-1]
        total += np.bincount(order.ravel(), weights=worth.ravel(), minlength=rows)
    return total / rows


def uniqueness(apart: NDArray[np.floating]) -> NDArray[np.float64]:
    """How unlike all others each row is, in [0, 1): 0 has a copy, 0.5 is usual.

    d / (d + m) of the distance d to the nearest other row, m the median of these; apart (N,): the distances.
    """
    usual = float(np.median(apart[apart > 0])) if (apart > 0).any() else 1.0
    return np.asarray(apart / (apart + usual))
