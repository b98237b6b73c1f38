"""Small loss: a mixture of two Gaussians on the rows' losses, the clean one has the smaller mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from labelworks.tasks.methods.noise.core.scored import Beside, ScoredModel
from labelworks.tasks.methods.noise.core.transition_em import log_of
from labelworks.tasks.methods.registry import register

LEAST_VARIANCE = 1e-4  # of the losses scaled to [0, 1]


@register("noise", "small-loss", needs=("pred_probs",), source="Arazo et al. 2019; Li et al. 2020")
class SmallLoss(ScoredModel):
    """Probability of the small-loss component of a two-Gaussian mixture on the cross-entropy."""

    name = "small-loss"

    def learn(self, given: NDArray[np.int32], probs: NDArray[np.float32], beside: Beside) -> None:
        """Fit the mixture on the sample's losses by EM."""
        loss = _loss(given, probs).astype(np.float64)
        self._reach = max(float(loss.max()), 1e-9)
        loss /= self._reach
        means, variances = np.quantile(loss, [0.25, 0.95]), np.full(2, max(loss.var(), LEAST_VARIANCE))
        shares = np.array([0.5, 0.5])
        for _ in range(100):
            dense = shares * np.exp(-((loss[:, None] - means) ** 2) / (2 * variances)) / np.sqrt(variances)
            member = dense / np.maximum(dense.sum(axis=1, keepdims=True), 1e-300)
            count = member.sum(axis=0) + 1e-9
            before, means = means, (member * loss[:, None]).sum(axis=0) / count
            variances = (member * (loss[:, None] - means) ** 2).sum(axis=0) / count + LEAST_VARIANCE
            shares = count / count.sum()
            if np.abs(means - before).max() < 1e-6:
                break
        order = np.argsort(means)
        self._means, self._variances, self._shares = means[order], variances[order], shares[order]

    def quality(
        self, given: NDArray[np.int32], probs: NDArray[np.float32], beside: Beside
    ) -> NDArray[np.float32]:
        """Return P(clean | loss) (n,); losses outside the two means count as at them."""
        loss = np.clip(_loss(given, probs) / self._reach, self._means[0], self._means[1])
        distance = (loss[:, None] - self._means) ** 2 / (2 * self._variances) + np.log(self._variances) / 2
        odds = distance[:, 1] - distance[:, 0] + np.log(self._shares[0] / self._shares[1])
        return np.asarray(expit(odds), np.float32)


def _loss(given: NDArray[np.int32], probs: NDArray[np.float32]) -> NDArray[np.float32]:
    return -log_of(probs[np.arange(len(given)), given])
