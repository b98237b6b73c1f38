"""How far rows that people looked at have shown judges right where they contradict the given label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.statistics.fixed_sequence import Proven, lacking, proven


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

    sure: of the judges' answers; right: whether it is the right label. Bounds of a fixed sequence, the surest
    first (`statistics.fixed_sequence`).
    """
    if not len(sure):
        return TrustBound(np.inf, 0.0, 0, 0, NOTHING)
    shown = proven(sure, right, precision)
    if not shown.bound:
        return TrustBound(np.inf, 0.0, shown.rows, shown.right, _too_few(shown, precision))
    return TrustBound(shown.over, shown.bound, shown.rows, shown.right, "")


def _too_few(shown: Proven, precision: float) -> str:
    return (
        f"judges change no label: where they contradict it they were right on {shown.right:,} of "
        f"{shown.rows:,} audited rows, {lacking(shown, precision)}"
    )
