"""Images without edges."""

from __future__ import annotations

from labelworks.tasks.methods.content.image.below import BelowCut
from labelworks.tasks.methods.registry import register


@register("content", "blurry", source="Pech-Pacheco et al. 2000, beside the contrast", modality=("image",))
class Blurry(BelowCut):
    """Images whose Laplacian, at 128 pixels a side, spreads less than 0.08 as far as their brightness."""

    measure, cut = "sharpness", 0.08
