"""How far rows that people looked at have shown judges right where they contradict the given label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

LEVEL = 0.95  # of the bound
STEPS = 10  # shares of the audited rows that the bound is tried on, the surest first


@dataclass(frozen=True)
class TrustBound:
    """From which sureness on judges' answers may replace labels; infinite where none may.

    bound: no more than one in twenty times is their precision there lower. audited, right: rows it rests on.
    """

    over: float
    bound: float
    audited: int
    right: int
    says: str


LIMITED = "judges change no label where no more than so many may change: what they contradict goes to review"
NOTHING = "judges change no label: no audited row says how often they are right against the given label"


def shown_right(sure: NDArray[np.floating], right: NDArray[np.bool_], precision: float) -> TrustBound:
    """What audited rows (n,) allow, on which judges contradict the given label.

    sure: of the judges' answers; right: whether it is the right label. The rows are taken for a fair sample
    of all such rows as sure. Bounds by Clopper & Pearson (1934), tried from the surest rows on until one
    fails: the chance that any of them is wrong is then that of one (fixed sequence: Maurer et al. 1995).
    """
    if not len(sure):
        return TrustBound(np.inf, 0.0, 0, 0, NOTHING)
    order = np.argsort(-sure, kind="stable")
    sure, right = np.asarray(sure)[order], np.asarray(right)[order]
    trusted = TrustBound(np.inf, 0.0, len(sure), int(right.sum()), "")
    for rows in _prefixes(sure, precision):
        bound = lower_bound(int(right[:rows].sum()), rows)
        if bound < precision:
            break
        trusted = TrustBound(float(sure[rows - 1]), bound, rows, int(right[:rows].sum()), "")
    return (
        trusted
        if trusted.bound
        else TrustBound(np.inf, 0.0, trusted.audited, trusted.right, _too_few(trusted, precision))
    )


def lower_bound(right: int, rows: int) -> float:
    """Below this a share of which right of so many rows were seen lies with a chance of at most 5 %."""
    return float(betaincinv(right, rows - right + 1, 1.0 - LEVEL)) if right else 0.0


def needed_rows(precision: float) -> int:
    """Audited rows below which no bound reaches a precision, though all were right."""
    if precision >= 1.0:
        return int(np.iinfo(np.int32).max)
    return max(1, int(np.ceil(np.log(1.0 - LEVEL) / np.log(max(precision, 0.5)))))


def _prefixes(sure: NDArray[np.floating], precision: float) -> list[int]:
    """How many of the surest rows are tried, step by step; rows as sure as each other go together."""
    first = needed_rows(precision)
    if first > len(sure):
        return [len(sure)]
    tried = np.unique(np.linspace(first, len(sure), STEPS).astype(int))
    return sorted({int(np.searchsorted(-sure, -sure[rows - 1], side="right")) for rows in tried})


def _too_few(found: TrustBound, precision: float) -> str:
    bound = lower_bound(found.right, found.audited)
    return (
        f"judges change no label: where they contradict it they were right on {found.right:,} of "
        f"{found.audited:,} audited rows, which proves no more than {bound:.1%}; {precision:.1%} is asked "
        f"for, and takes {needed_rows(precision):,} such rows or more"
    )
