"""Which importance weights a window bears: none where classes look different, little from few rows."""

from __future__ import annotations

import numpy as np

from labelworks.tasks.methods.arrays import Floats
from labelworks.tasks.methods.label_shift.result import PriorEstimate

MIX_ALONE = (
    "label",
    "open-set",
)  # kinds of shift that a new class mix explains, of the rows of known classes
WHY_NONE = {
    "neither": "the class mix hasn't moved measurably",
    "covariate": "the classes look different, which no new class mix explains",
    "both": "the classes look different as well, which no new class mix explains",
    None: "of so few rows no shift can be told",
}


def left_open(interval: Floats, share: float, among: Floats) -> Floats:
    """The interval (K, 2) of known classes' shares, as wide as unknown rows among them leave it.

    share: of the window's rows that were left out as unknown; among (2,): its interval. At worst, unknown
    rows beyond that share are all taken for one class, and what was left out too much was of one class.
    """
    low, high = interval.T * (1 - share)
    bounds = [
        np.clip((low - max(most - share, 0), high + max(share - most, 0)), 0, 1 - most) / max(1 - most, 1e-12)
        for most in among
    ]
    return np.stack([np.minimum(*bounds)[0], np.maximum(*bounds)[1]], axis=1)


def borne_weights(found: PriorEstimate, kind: str | None) -> tuple[Floats, tuple[str, ...]]:
    """Weights (K,) that may be put on labelled rows, and notes that say which of them stay 1 and why.

    kind: of the shift, None where it can't be told. A share goes from the source's to the estimate as far as
    their distance exceeds what the interval leaves open (positive-part shrinkage, James and Stein 1961), and
    no lower than the middle of an interval from 0: no class is weighed away that may be there.
    """
    source, there = found.source_prior, found.source_prior > 0
    if kind not in MIX_ALONE:
        return np.where(there, 1.0, 0.0), (f"no class is reweighted: {WHY_NONE[kind]}",)
    low, high = found.interval.T
    apart = found.prior - source
    open_half = np.where(apart < 0, high - found.prior, found.prior - low)  # on the source's side
    kept = 1 - np.square(open_half / np.maximum(np.abs(apart), 1e-12))
    share = source + np.clip(kept, 0.0, 1.0) * apart
    share = np.where((low <= 0) & (apart < 0), np.maximum(share, np.minimum(high / 2, source)), share)
    share = np.where(there, share, 0.0) / share[there].sum()
    still = int((there & (kept <= 0)).sum())
    notes = (
        f"{still} of {int(there.sum())} classes aren't reweighted: their intervals hold the source's share",
    )
    if still == there.sum():
        share = source
    weights = np.divide(share, source, out=np.zeros_like(share), where=there)
    return weights, notes if still else ()
