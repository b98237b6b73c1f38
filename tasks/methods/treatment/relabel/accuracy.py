"""Relabel for as many right labels as can be."""

from __future__ import annotations

from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.treatment.claims import Claims
from labelworks.tasks.methods.treatment.cut import NEVER, Cut, even
from labelworks.tasks.methods.treatment.trust import Trust


@register("relabel", "accuracy", needs=("claims", "transition"), source="Bayes' rule")
def accuracy(claims: Claims, trust: Trust) -> Cut:
    """The likeliest class, where each given class is mostly of its own true class; else nothing changes."""
    if not trust.dominated:
        return even(NEVER, len(claims.rows), abstains(trust))
    return even(0.0, len(claims.rows))


def abstains(trust: Trust) -> str:
    """Why no label changes, in a sentence."""
    named = ", ".join(map(str, trust.undominated[:3]))
    more = len(trust.undominated) - 3
    return (
        f"no label was changed: by the estimated noise, rows labelled {named}"
        f"{f' (and {more} classes more)' if more > 0 else ''} are mostly of another class, and then "
        "which label is right can't be told from these labels"
    )
