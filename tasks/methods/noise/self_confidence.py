"""Self-confidence: the probability of the given label."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.noise.core.scored import Beside, ScoredModel
from labelworks.tasks.methods.registry import register


@register("noise", "self-confidence", needs=("pred_probs",), source="Northcutt, Jiang & Chuang 2021")
class SelfConfidence(ScoredModel):
    """The model's probability of the given label."""

    name = "self-confidence"

    def quality(
        self, given: NDArray[np.int32], probs: NDArray[np.float32], beside: Beside
    ) -> NDArray[np.float32]:
        """Return p(given | x) (n,)."""
        return np.clip(probs[np.arange(len(given)), given], 0, 1)
