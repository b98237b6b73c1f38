"""Relabel for as many right labels as can be."""

from __future__ import annotations

from dataclasses import replace

from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.treatment.claims import Claims
from labelworks.tasks.methods.treatment.cut import Cut, even
from labelworks.tasks.methods.treatment.trust import Trust


@register("relabel", "accuracy", needs=("claims", "transition"), source="Bayes' rule")
def accuracy(claims: Claims, trust: Trust) -> Cut:
    """The likeliest class, where each given class is mostly of its own; else what confident learning says."""
    cut = even(0.0, len(claims.rows))
    return cut if trust.dominated else replace(cut, says=_confident(trust), confident=True)


def abstains(trust: Trust) -> str:
    """Why no label changes, in a sentence."""
    return f"no label was changed: {trust.why}"


def _confident(trust: Trust) -> str:
    return f"labels changed only as confident learning says, with no claim that they are right: {trust.why}"
