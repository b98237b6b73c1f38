"""Area under the margin: how early and firmly training gives a row its label."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from labelworks.tasks.methods.noise.core.scored import Beside, ScoredModel
from labelworks.tasks.methods.noise.core.training import Training
from labelworks.tasks.methods.registry import register


@register("noise", "area-under-margin", needs=("pred_probs", "features"), source="Pleiss et al. 2020")
class AreaUnderMargin(ScoredModel):
    """Mean over training of the given class's logit less the best other one's, on a linear softmax model."""

    name = "area-under-margin"
    beside = ("features",)

    def learn(self, given: NDArray[np.int32], probs: NDArray[np.float32], beside: Beside) -> None:
        """Train on the sample, keep the weights along the way."""
        features = np.asarray(beside["features"], np.float32)
        self._training = Training.on(features, given, probs.shape[1])

    def quality(
        self, given: NDArray[np.int32], probs: NDArray[np.float32], beside: Beside
    ) -> NDArray[np.float32]:
        """Return the area under the margin (n,), mapped to [0, 1] by the logistic function."""
        rows, area = np.arange(len(given)), np.zeros(len(given), np.float32)
        for logits in self._training.logits(np.asarray(beside["features"], np.float32)):
            own = logits[rows, given]
            logits[rows, given] = -np.inf
            area += own - logits.max(axis=1)
        return np.asarray(expit(area / len(self._training.path)), np.float32)
