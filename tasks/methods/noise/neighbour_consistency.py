"""Neighbour consistency: whether the rows that look alike bear the same label."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.noise.core.scored import Beside, ScoredModel
from labelworks.tasks.methods.registry import register


@register(
    "noise",
    "neighbour-consistency",
    needs=("pred_probs", "neighbours"),
    source="Zhu, Dong & Liu 2022; Iscen et al. 2022",
)
class NeighbourConsistency(ScoredModel):
    """Share of the nearest rows' labels that agree, the model's own probability counted as one of them."""

    name = "neighbour-consistency"
    beside = ("neighbour_labels",)

    def quality(
        self, given: NDArray[np.int32], probs: NDArray[np.float32], beside: Beside
    ) -> NDArray[np.float32]:
        """Return (agreeing neighbours + p(given)) / (neighbours + 1) (n,)."""
        labels = beside["neighbour_labels"]
        own = probs[np.arange(len(given)), given]
        return np.asarray(((labels == given[:, None]).sum(axis=1) + own) / (labels.shape[1] + 1), np.float32)
