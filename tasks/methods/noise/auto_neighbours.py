"""auto, told also what labels the nearest rows bear."""

from __future__ import annotations

from labelworks.tasks.methods.noise.auto import Auto
from labelworks.tasks.methods.registry import register


@register(
    "noise",
    "auto-neighbours",
    needs=("pred_probs", "neighbours"),
    source="this project; Zhu, Dong & Liu 2022 on neighbours",
)
class AutoNeighbours(Auto):
    """auto, with neighbour consistency as further evidence that it learns to weigh on its flips.

    A row is no neighbour of its own, so its flip changes no neighbour's label, and what is learned holds.
    """

    name = "auto-neighbours"
    beside = ("neighbour_labels",)
    hears_vote = False  # it counts the vote itself
