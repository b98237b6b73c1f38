"""The embedding as it is."""

from __future__ import annotations

from labelworks.tasks.methods.probes.affine import Affine
from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.statistics.sums import ClassSums


@register("adapt", "none", source="the embedding as it is")
def none(sums: ClassSums) -> Affine | None:
    """No map: the probes see the embedding as it is."""
    return None
