"""Relabel so many rows, the surest ones."""

from __future__ import annotations

from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.treatment.claims import Claims
from labelworks.tasks.methods.treatment.cut import NEVER, Cut, even
from labelworks.tasks.methods.treatment.relabel.accuracy import abstains
from labelworks.tasks.methods.treatment.trust import Trust


@register("relabel", "budget", needs=("claims", "transition"), source="Chow 1970, by rank")
def budget(claims: Claims, trust: Trust, *, budget: int = 100) -> Cut:
    """At most `budget` labels change, those whose new one is surest and likelier than the given one."""
    classes = len(claims.rows)
    return even(0.0, classes).limited(budget) if trust.dominated else even(NEVER, classes, abstains(trust))
