"""Neighbour credibility: neighbours as further annotators, each believed as far as its own back it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.noise.core.scored import Beside, ScoredModel
from labelworks.tasks.methods.registry import register


@register(
    "noise",
    "neighbour-credibility",
    needs=("pred_probs", "neighbours", "neighbour_weights"),
    source="neighbours as re-annotators, weighed as by Di Salvo et al. 2024",
)
class NeighbourCredibility(ScoredModel):
    """Share of the nearest rows' labels that agree, each weighed by how many of its own neighbours back it.

    So a neighbour that is likely mislabelled itself says little; the model's probability counts as one vote.
    """

    name = "neighbour-credibility"
    beside = ("neighbour_labels", "neighbour_weights")

    def quality(
        self, given: NDArray[np.int32], probs: NDArray[np.float32], beside: Beside
    ) -> NDArray[np.float32]:
        """Return (weight of agreeing neighbours + p(given)) / (weight of all + 1) (n,)."""
        weights = beside["neighbour_weights"]
        agreeing = (weights * (beside["neighbour_labels"] == given[:, None])).sum(axis=1)
        own = probs[np.arange(len(given)), given]
        return np.asarray((agreeing + own) / (weights.sum(axis=1) + 1), np.float32)
