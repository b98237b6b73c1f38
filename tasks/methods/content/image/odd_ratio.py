"""Images much wider or higher than the others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.content.image.unlike import UnlikeTheRest
from labelworks.tasks.methods.registry import register


@register("content", "odd-ratio", source="Tukey 1977, of the logarithm", modality=("image",))
class OddRatio(UnlikeTheRest):
    """Images whose width beside their height is so many times the usual ratio, or such a part of it."""

    @staticmethod
    def value(width: NDArray[np.float64], height: NDArray[np.float64]) -> NDArray[np.float64]:
        """The logarithm of the ratio (N,)."""
        return np.asarray(np.log(width / height))
