"""Images as a network wants them: decoded, scaled, cropped; normalised on the device."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.content.image.measures import NOTHING, Measures, measure
from labelworks.tasks.methods.encoders.transfers import to_device
from labelworks.tasks.methods.encoders.values import UnusableError, in_mode, opened_image

Picture: TypeAlias = tuple[NDArray[np.uint8] | None, str | None, Measures]  # pixels, or why there are none
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class ImageTransform:
    """What a network was trained to see: a square of `size`, a share of the shorter side, mean and spread."""

    size: int
    crop: float = 1.0
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD

    def cut(self, width: int, height: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Left and top of the square in an image that is scaled, and how wide and high that is then."""
        scale = self.size / self.crop / min(width, height)
        wide, high = (max(self.size, round(side * scale)) for side in (width, height))
        return ((wide - self.size) // 2, (high - self.size) // 2), (wide, high)

    def blank(self) -> NDArray[np.uint8]:
        """A black image."""
        return np.zeros((self.size, self.size, 3), dtype=np.uint8)

    def batch(self, items: Any, device: str, dtype: Any) -> Any:
        """A batch on the device (N, 3, size, size): bytes travel, or lie there, and become numbers there.

        items: pixels (size, size, 3) each in memory, or those that lie on the device.
        """
        import torch

        there = getattr(items, "pixels", None)
        held = to_device(np.stack(items), device).permute(0, 3, 1, 2) if there is None else there
        pixels = held.to(torch.float32) / 255.0
        mean, std = _by_channel(self.mean, device), _by_channel(self.std, device)
        return ((pixels - mean) / std).to(dtype)


@lru_cache
def _by_channel(values: tuple[float, ...], device: str) -> Any:
    """Kept on the device: to send them again would wait for the batch that runs there."""
    import torch

    return torch.tensor(values, device=device).view(1, -1, 1, 1)


def read_picture(look: ImageTransform, data: bytes | None) -> Picture:
    """Decode an image by Pillow, scale it and cut it; or say why not."""
    from PIL.Image import Resampling

    try:
        kept = opened_image(data)
        image = in_mode(kept, "RGB")
    except UnusableError as error:
        return None, str(error), NOTHING
    (left, top), (wide, high) = look.cut(*image.size)
    box = (left / wide, top / high, (left + look.size) / wide, (top + look.size) / high)
    x, y = image.size
    cut = (box[0] * x, box[1] * y, box[2] * x, box[3] * y)
    pixels = np.asarray(image.resize((look.size, look.size), Resampling.BICUBIC, box=cut))
    return pixels, None, measure(kept)
