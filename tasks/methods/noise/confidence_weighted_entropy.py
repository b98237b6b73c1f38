"""Confidence-weighted entropy: how unsure the model is, over how much it believes the label."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.noise.core.scored import Beside, ScoredModel
from labelworks.tasks.methods.noise.core.transition_em import log_of
from labelworks.tasks.methods.registry import register

LEAST = np.float32(1e-12)  # keeps a row of one certain class from 0 / 0


@register("noise", "confidence-weighted-entropy", needs=("pred_probs",), source="Kuan & Mueller 2022")
class ConfidenceWeightedEntropy(ScoredModel):
    """Normalised entropy over self-confidence, e, mapped to log(1 + e) / e: 1 where e is 0."""

    name = "confidence-weighted-entropy"

    def quality(
        self, given: NDArray[np.int32], probs: NDArray[np.float32], beside: Beside
    ) -> NDArray[np.float32]:
        """Return log(1 + e) / e (n,), with e = H(p) / (log K p(given))."""
        entropy = -np.einsum("nk,nk->n", probs, log_of(probs)) / np.float32(np.log(probs.shape[1]))
        own = probs[np.arange(len(given)), given]
        ratio = np.maximum(entropy, LEAST) / np.maximum(own, LEAST)
        return np.asarray(np.clip(np.log1p(ratio) / ratio, 0, 1))
