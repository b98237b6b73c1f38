"""Label text: whether the row's vector fits the vector of its class's name."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.neighbours.cosine import unit_length
from labelworks.tasks.methods.noise.core.claims.targets import Target
from labelworks.tasks.methods.noise.core.scored import Beside, ScoredModel
from labelworks.tasks.methods.registry import register


@register(
    "noise", "label-text", needs=("pred_probs", "features", "class_names"), source="Radford et al. 2021"
)
class LabelText(ScoredModel):
    """Probability of the given label by the cosines of a row's vector with those of the class names.

    A zero-shot classifier (CLIP's, Radford 2021) whose temperature is fitted to the given labels.

    Option class_vectors (K, D): the class names through the encoder that made the features.
    """

    name = "label-text"
    beside = ("features",)

    def __init__(
        self,
        *,
        class_vectors: ArrayLike | None = None,
        target: Target = "max_f1",
        sample: int = 20_000,
        seed: int = 0,
    ) -> None:
        super().__init__(target=target, sample=sample, seed=seed)
        if class_vectors is None or np.ndim(class_vectors) != 2:
            raise ConfigError(
                "no class_vectors", where="label-text", fix="give the class names' vectors (K, D)"
            )
        self._vectors = unit_length(np.asarray(class_vectors, np.float32))
        self._scale = 1.0

    def learn(self, given: NDArray[np.int32], probs: NDArray[np.float32], beside: Beside) -> None:
        """Fit the temperature of the cosines on the sample."""
        if len(self._vectors) != probs.shape[1]:
            raise ConfigError(
                f"{len(self._vectors)} class_vectors for {probs.shape[1]} classes", where="label-text"
            )
        cosines, rows = self._cosines(beside), np.arange(len(given))
        best = minimize_scalar(
            lambda scale: -log_softmax(np.exp(scale) * cosines, axis=1)[rows, given].mean(),
            bounds=(-2.0, 6.0),
            method="bounded",
        )
        self._scale = float(np.exp(best.x))

    def quality(
        self, given: NDArray[np.int32], probs: NDArray[np.float32], beside: Beside
    ) -> NDArray[np.float32]:
        """Return the softmax of the scaled cosines at the given label (n,)."""
        scaled = log_softmax(self._scale * self._cosines(beside), axis=1)
        return np.asarray(np.exp(scaled[np.arange(len(given)), given]), np.float32)

    def _cosines(self, beside: Beside) -> NDArray[np.float32]:
        return unit_length(np.asarray(beside["features"], np.float32)) @ self._vectors.T
