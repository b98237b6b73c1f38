"""SEMD: the loss of the given label, averaged over the training of one cheap model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from labelworks.tasks.methods.noise.core.scored import Beside, ScoredModel
from labelworks.tasks.methods.noise.core.training import Training
from labelworks.tasks.methods.registry import register


@register("noise", "semd", needs=("pred_probs", "features"), source="Srikanth et al. 2023 (SEMD)")
class Semd(ScoredModel):
    """Mean over training of the cross-entropy of the given label, on a linear softmax model.

    A wrong label is learned late, so its loss stays high for long, though the last model may fit it.
    """

    name = "semd"
    beside = ("features",)

    def learn(self, given: NDArray[np.int32], probs: NDArray[np.float32], beside: Beside) -> None:
        """Train on the sample, keep the weights along the way."""
        features = np.asarray(beside["features"], np.float32)
        self._training = Training.on(features, given, probs.shape[1])

    def quality(
        self, given: NDArray[np.int32], probs: NDArray[np.float32], beside: Beside
    ) -> NDArray[np.float32]:
        """Return exp of less the mean loss (n,): the geometric mean of the probabilities along the way."""
        rows, total = np.arange(len(given)), np.zeros(len(given), np.float32)
        for logits in self._training.logits(np.asarray(beside["features"], np.float32)):
            total += log_softmax(logits, axis=1)[rows, given]
        return np.asarray(np.exp(total / len(self._training.path)), np.float32)
