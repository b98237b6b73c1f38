"""Images much larger or smaller than the others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.content.image.unlike import UnlikeTheRest
from labelworks.tasks.methods.registry import register


@register("content", "odd-size", source="Tukey 1977, of the logarithm", modality=("image",))
class OddSize(UnlikeTheRest):
    """Images whose side (the root of the area) is so many times the usual one, or such a part of it."""

    @staticmethod
    def value(width: NDArray[np.float64], height: NDArray[np.float64]) -> NDArray[np.float64]:
        """The logarithm of the side (N,)."""
        return np.asarray(np.log(width * height) / 2)
