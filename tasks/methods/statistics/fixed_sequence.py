"""How far rows that people looked at prove a precision, tried step by step until one fails."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.percentages import percent
from labelworks.tasks.methods.statistics.clopper_pearson import low_end

LEVEL = 0.95  # of the bound
STEPS = 10  # shares of the rows looked at that the bound is tried on, the surest first


@dataclass(frozen=True)
class Proven:
    """From which sureness on the precision is proven; infinite where it isn't anywhere.

    bound: no more than one in twenty times is the precision there lower; 0 where nothing is proven.
    rows, right: what that rests on; where nothing is proven, all rows that were looked at.
    """

    over: float
    bound: float
    rows: int
    right: int


def proven(sure: NDArray[np.floating], right: NDArray[np.bool_], precision: float, spare: int = 1) -> Proven:
    """How far down the order of sureness rows that were looked at (n,) prove that so large a share is right.

    sure (n,): what the rows are ordered by; right (n,). The rows are taken for a fair sample of all rows as
    sure. Bounds by Clopper & Pearson (1934), tried from the surest rows on until one fails: the chance that
    any of them is wrong is then that of one (fixed sequence: Maurer et al. 1995). spare: the first is tried
    on so many times the rows that are needed if all are right, where there are as many.
    """
    order = np.argsort(-sure, kind="stable")
    sure, right = np.asarray(sure)[order], np.asarray(right)[order]
    best = Proven(np.inf, 0.0, len(sure), int(right.sum()))
    for rows in _prefixes(sure, precision, spare):
        bound = lower_bound(int(right[:rows].sum()), rows)
        if bound < precision:
            break
        best = Proven(float(sure[rows - 1]), bound, rows, int(right[:rows].sum()))
    return best


def lower_bound(right: int, rows: int) -> float:
    """Below this a share of which right of so many rows were seen lies with a chance of at most 5 %."""
    return float(low_end(right, rows, 1.0 - LEVEL))


def needed_rows(precision: float) -> int:
    """Rows below which no bound reaches a precision, though all were right."""
    if precision >= 1.0:
        return int(np.iinfo(np.int32).max)
    return max(1, int(np.ceil(np.log(1.0 - LEVEL) / np.log(max(precision, 0.5)))))


def lacking(found: Proven, precision: float) -> str:
    """What rows that prove nothing fall short of, for messages that say what they are of."""
    return (
        f"which proves no more than {percent(lower_bound(found.right, found.rows))}; {percent(precision)} is "
        f"asked for, and takes {needed_rows(precision):,} such rows or more"
    )


def _prefixes(sure: NDArray[np.floating], precision: float, spare: int) -> list[int]:
    """How many of the surest rows are tried, step by step; rows as sure as each other go together."""
    first = needed_rows(precision)
    if first > len(sure):
        return [len(sure)] if len(sure) else []
    first = min(first * spare, len(sure))
    tried = np.unique(np.linspace(first, len(sure), STEPS).astype(int))
    return sorted({int(np.searchsorted(-sure, -sure[rows - 1], side="right")) for rows in tried})
