"""Relabel as the validation proves best; until it has, so that most of the changes are right."""

from __future__ import annotations

from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.treatment.claims import Claims
from labelworks.tasks.methods.treatment.cut import Cut
from labelworks.tasks.methods.treatment.policy import PROPOSED
from labelworks.tasks.methods.treatment.relabel.precision import claimed
from labelworks.tasks.methods.treatment.trust import Trust


@register("relabel", "auto", needs=("claims", "transition"), source="this project")
def auto(claims: Claims, trust: Trust) -> Cut:
    """Nine in ten changes right are expected of what is proposed; a run publishes the arm that does best."""
    return claimed(claims, trust, PROPOSED)
