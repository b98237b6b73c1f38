"""Class-conditional Mahalanobis distance in feature space."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from labelworks.tasks.methods.level import Level
from labelworks.tasks.methods.noise.core.scored import Beside, ScoredModel
from labelworks.tasks.methods.probes.lda import lda
from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.statistics.sums import FoldSums


@register("noise", "mahalanobis", needs=("pred_probs", "features"), source="Lee et al. 2018")
class Mahalanobis(ScoredModel):
    """Posterior of the given label under class Gaussians with one covariance: nearest Mahalanobis distance.

    The Gaussians are fitted on all given labels, wrong ones included.
    """

    name = "mahalanobis"
    beside = ("features",)

    def learn(self, given: NDArray[np.int32], probs: NDArray[np.float32], beside: Beside) -> None:
        """Fit the Gaussians on the sample."""
        self._level = Level.fit(np.asarray(beside["features"], np.float32))
        features = self._level(np.asarray(beside["features"], np.float32))
        sums = FoldSums.of(features, given, np.zeros(len(given), np.int32), 1, probs.shape[1])
        weights, intercept = lda(sums.without())
        self._weights, self._intercept = weights.astype(np.float32), intercept.astype(np.float32)

    def quality(
        self, given: NDArray[np.int32], probs: NDArray[np.float32], beside: Beside
    ) -> NDArray[np.float32]:
        """Return the Gaussian posterior of the given label (n,)."""
        logits = self._level(np.asarray(beside["features"], np.float32)) @ self._weights + self._intercept
        return np.asarray(np.exp(log_softmax(logits, axis=1)[np.arange(len(given)), given]), np.float32)
