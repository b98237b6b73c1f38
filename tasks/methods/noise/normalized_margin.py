"""Normalized margin: the given label against the best other one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.noise.core.scored import Beside, ScoredModel
from labelworks.tasks.methods.registry import register


@register("noise", "normalized-margin", needs=("pred_probs",), source="Wei et al. 2018; Northcutt 2021")
class NormalizedMargin(ScoredModel):
    """Probability of the given label less that of the best other one, from [-1, 1] to [0, 1]."""

    name = "normalized-margin"

    def quality(
        self, given: NDArray[np.int32], probs: NDArray[np.float32], beside: Beside
    ) -> NDArray[np.float32]:
        """Return (p(given) - max p(other) + 1) / 2 (n,)."""
        rows = np.arange(len(given))
        others = probs.copy()
        others[rows, given] = -1
        return np.asarray(np.clip((probs[rows, given] - others.max(axis=1) + 1) / 2, 0, 1))
