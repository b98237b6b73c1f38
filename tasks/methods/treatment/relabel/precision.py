"""Relabel so that a share of the changes is right."""

from __future__ import annotations

import numpy as np

from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.treatment.claims import BINS, Claims
from labelworks.tasks.methods.treatment.cut import NEVER, Cut, even
from labelworks.tasks.methods.treatment.relabel.accuracy import abstains
from labelworks.tasks.methods.treatment.trust import Trust


@register(
    "relabel",
    "precision",
    needs=("claims", "transition"),
    source="Chow 1970; the largest set of a mean claim",
)
def precision(claims: Claims, trust: Trust, *, precision: float = 0.9) -> Cut:
    """The largest set of changes, surest first, whose mean claim is at least `precision`."""
    if not trust.dominated:
        return even(NEVER, len(claims.rows), abstains(trust))
    count, right = claims.falling()
    kept = np.flatnonzero((right >= precision * count) & (count > 0))
    if not len(kept):
        return even(NEVER, len(claims.rows), trust.note)
    return even((BINS - 1 - kept[-1]) / BINS, len(claims.rows), trust.note)
