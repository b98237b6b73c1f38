"""Soft labels: the shares of the votes themselves."""

from __future__ import annotations

from labelworks.tasks.methods.crowd.fit import Fit, shares
from labelworks.tasks.methods.crowd.votes import Votes
from labelworks.tasks.methods.registry import register


@register("crowd", "soft-labels", source="Uma, Fornaciari, Hovy, Paun, Plank & Poesio 2021")
def soft_labels(votes: Votes) -> Fit:
    """The average of the answers as a soft label: keeps disagreement instead of settling it.

    posterior (N, K): the share of each class among the item's votes.
    """
    return Fit(shares(votes))
