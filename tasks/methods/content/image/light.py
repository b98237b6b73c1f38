"""Images that are too light to see much in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.content.image.below import BelowCut
from labelworks.tasks.methods.content.rows import ContentRows
from labelworks.tasks.methods.registry import register


@register("content", "light", source="own: 5th percentile of brightness", modality=("image",))
class Light(BelowCut):
    """Images of which 95 in 100 pixels are more than 0.9 as bright as white."""

    measure, cut = "darkest", 0.1

    def value(self, rows: ContentRows) -> NDArray[np.float64]:
        """How far the darkest pixels are from white (N,)."""
        return 1.0 - rows.properties[self.measure]
