"""Relabel so that a share of the changes is right."""

from __future__ import annotations

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
    most = min(100 * float((right[count > 0] / count[count > 0]).max()), 99.9)
    return (
        f"no label changes: of the surest suggestions {most:.1f} % are expected to be right, where it takes "
        f"{min(100 * share, 99.9):.1f} %; with more rows, or a look at some of the suggestions, more is known"
    )
