"""Relabel where the new label is surer than a number."""

from __future__ import annotations

from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.treatment.claims import Claims
from labelworks.tasks.methods.treatment.cut import Cut, even
from labelworks.tasks.methods.treatment.trust import Trust


@register("relabel", "threshold", needs=("claims",), source="Chow 1970, the rule of rejection")
def threshold(claims: Claims, trust: Trust, *, threshold: float = 0.8) -> Cut:
    """A label changes where P(the new one is right) surely is `threshold`, whatever that adds up to."""
    return even(trust.claim_for(threshold) if 0 < threshold < 1 else threshold, len(claims.rows))
