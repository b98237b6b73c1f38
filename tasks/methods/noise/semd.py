"""SEMD: the loss of the given label, averaged over the training of one cheap model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from labelworks.tasks.methods.noise.core.scored import Beside
from labelworks.tasks.methods.noise.core.training import TrainedModel
from labelworks.tasks.methods.registry import register


@register("noise", "semd", needs=("pred_probs", "features"), source="Srikanth et al. 2023 (SEMD)")
class Semd(TrainedModel):
    """Mean over training of the cross-entropy of the given label, on a linear softmax model.

    A wrong label is learned late, so its loss stays high for long, though the last model may fit it.
    """

    name = "semd"

    def quality(
        self, given: NDArray[np.int32], probs: NDArray[np.float32], beside: Beside
    ) -> NDArray[np.float32]:
        """Return exp of less the mean loss (n,): the geometric mean of the probabilities along the way."""
        rows = np.arange(len(given))
        likely = self._training.mean(
            beside["features"], lambda logits: np.asarray(log_softmax(logits, axis=1)[rows, given])
        )
        return np.asarray(np.exp(likely), np.float32)
