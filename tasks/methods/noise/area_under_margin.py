"""Area under the margin: how early and firmly training gives a row its label."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from labelworks.tasks.methods.noise.core.scored import Beside
from labelworks.tasks.methods.noise.core.training import TrainedModel
from labelworks.tasks.methods.registry import register


@register("noise", "area-under-margin", needs=("pred_probs", "features"), source="Pleiss et al. 2020")
class AreaUnderMargin(TrainedModel):
    """Mean over training of the given class's logit less the best other one's, on a linear softmax model."""

    name = "area-under-margin"

    def quality(
        self, given: NDArray[np.int32], probs: NDArray[np.float32], beside: Beside
    ) -> NDArray[np.float32]:
        """Return the area under the margin (n,), mapped to [0, 1] by the logistic function."""
        rows = np.arange(len(given))

        def margin(logits: NDArray[np.float32]) -> NDArray[np.float32]:
            own = logits[rows, given]
            logits[rows, given] = -np.inf
            return np.asarray(own - logits.max(axis=1))

        return np.asarray(expit(self._training.mean(beside["features"], margin)), np.float32)
