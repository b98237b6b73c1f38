"""Images in which there is next to nothing."""

from __future__ import annotations

from labelworks.tasks.methods.content.image.below import BelowCut
from labelworks.tasks.methods.registry import register


@register("content", "low-information", source="Shannon 1948, of the brightness", modality=("image",))
class LowInformation(BelowCut):
    """Images whose brightness has less than 1.5 bits a pixel: as of three levels that are as common."""

    measure, cut = "entropy", 1.5
