"""What confident learning says, for data whose noise transition doesn't tell which labels are right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.noise.confident_learning import ConfidentLearning

UNSAID = -1


@dataclass(frozen=True, eq=False)
class ConfidentOpinion:
    """Confident learning, fitted: which labels it prunes, and the class of two opinions pooled."""

    model: ConfidentLearning

    @classmethod
    def fit(cls, given: NDArray[np.int32], probs: NDArray[np.float32]) -> ConfidentOpinion:
        """Count the confident joint of rows: given (N,), probs (N, K)."""
        model = ConfidentLearning()
        model.update(given, probs)
        model.finish()
        return cls(model)

    def __call__(
        self, given: NDArray[np.int32], probs: NDArray[np.float32]
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The class of pruned rows (N,), UNSAID of others, and its probability (N,).

        It is the likeliest by the mean of the classifier's probabilities and those that the joint makes of
        them: the first knows nothing of the noise, the second believes the joint.
        """
        judged = self.model.judge(given, probs)
        pooled = (probs + judged.shares) / 2
        best = pooled.argmax(axis=1).astype(np.int32)
        said = np.where(judged.flag & (best != given), best, np.int32(UNSAID))
        return said, pooled[np.arange(len(given)), best].astype(np.float32)
