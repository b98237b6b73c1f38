"""Images that are too dark to see much in."""

from __future__ import annotations

from labelworks.tasks.methods.content.image.below import BelowCut
from labelworks.tasks.methods.registry import register


@register("content", "dark", source="own: 99th percentile of brightness", modality=("image",))
class Dark(BelowCut):
    """Images of which 99 in 100 pixels are less than 0.3 as bright as white."""

    measure, cut = "brightest", 0.3
