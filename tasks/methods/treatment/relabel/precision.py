"""Relabel so that a share of the changes is right."""

from __future__ import annotations

from labelworks.schemas.percentages import percent
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
    """The largest set of changes, surest first, of which `precision` is right by three chances of four."""
    return claimed(claims, trust, trust.claim_for(precision))


def claimed(claims: Claims, trust: Trust, share: float) -> Cut:
    """The largest set of changes, surest first, whose mean claim is at least `share`."""
    if not trust.dominated:
        return even(NEVER, len(claims.rows), abstains(trust))
    count, right = claims.falling()
    enough = (right >= share * count) & (count > 0)
    if not enough.any():
        return even(NEVER, len(claims.rows), trust.note or _short_of(claims, share))
    return even((BINS - 1 - enough.nonzero()[0][-1]) / BINS, len(claims.rows), trust.note)


def _short_of(claims: Claims, share: float) -> str:
    """Why nothing changes, in a sentence; "" where no label might."""
    count, right = claims.falling()
    if not count.any():
        return ""
    most = float((right[count > 0] / count[count > 0]).max())
    return (
        f"no label changes: of the surest suggestions {percent(min(most, 0.999))} are expected to be right, "
        f"where it takes {percent(min(share, 0.999))}; with more rows, or a look at some of the suggestions, "
        "more is known"
    )
