"""Partial labels: several classes, of which one is right."""

from __future__ import annotations

from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.treatment.imprecise.core.likelihood import Likelihood, Marks


@register("label_kind", "candidates", source="Cour, Sapp & Taskar 2011; Feng et al. 2020")
def candidates(marks: Marks) -> Likelihood:
    """The classes that a row may be of. Assumes that one of them is right, and the others are chance."""
    return Likelihood.of_marks(marks)
