"""Images without colours."""

from __future__ import annotations

from labelworks.tasks.methods.content.image.below import BelowCut
from labelworks.tasks.methods.registry import register


@register("content", "grayscale", source="own: red, green and blue apart", modality=("image",))
class Grayscale(BelowCut):
    """Images without a pixel whose red, green and blue differ by more than one of 256 levels."""

    measure, cut = "colourfulness", 2 / 255
