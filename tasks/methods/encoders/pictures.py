"""Images as a network wants them: decoded in threads ahead of the device, scaled, cropped, normalised."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.tasks.methods.content.image.measures import NOTHING, Measures, measure, stacked
from labelworks.tasks.methods.encoders.device import Prepared
from labelworks.tasks.methods.encoders.transfers import to_device
from labelworks.tasks.methods.encoders.values import UnusableError, image_bytes, in_mode, opened_image

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class ImageTransform:
    """What a network was trained to see: a square of `size`, a share of the shorter side, mean and spread."""

    size: int
    crop: float = 1.0
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD

    def prepared(self, values: pa.Array, threads: int) -> Prepared:
        """Decode a column of images in so many threads; one that can't be is a reason for none."""
        with ThreadPoolExecutor(threads, thread_name_prefix="decode") as pool:
            pictures = list(pool.map(partial(_read, self), image_bytes(values)))
        usable = np.flatnonzero([reason is None for _, reason, _ in pictures])
        items = [pictures[row][0] for row in usable]
        reasons = [reason for _, reason, _ in pictures]
        measures = stacked([each for *_, each in pictures])
        return Prepared(items, np.ones(len(items), dtype=np.int64), usable, reasons, measures)

    def blank(self) -> NDArray[np.uint8]:
        """A black image."""
        return np.zeros((self.size, self.size, 3), dtype=np.uint8)

    def batch(self, items: Sequence[NDArray[np.uint8]], device: str, dtype: Any) -> Any:
        """A batch on the device (N, 3, size, size): bytes travel, and become numbers there."""
        import torch

        pixels = to_device(np.stack(items), device).permute(0, 3, 1, 2).to(torch.float32) / 255.0
        mean, std = _by_channel(self.mean, device), _by_channel(self.std, device)
        return ((pixels - mean) / std).to(dtype)


@lru_cache
def _by_channel(values: tuple[float, ...], device: str) -> Any:
    """Kept on the device: to send them again would wait for the batch that runs there."""
    import torch

    return torch.tensor(values, device=device).view(1, -1, 1, 1)


def _read(look: ImageTransform, data: bytes | None) -> tuple[NDArray[np.uint8] | None, str | None, Measures]:
    from PIL.Image import Resampling

    try:
        kept = opened_image(data)
        image = in_mode(kept, "RGB")
    except UnusableError as error:
        return None, str(error), NOTHING
    shorter = look.size / look.crop
    scale = shorter / min(image.size)
    wide, high = (max(look.size, round(side * scale)) for side in image.size)
    left, top = (wide - look.size) // 2, (high - look.size) // 2
    box = (left / wide, top / high, (left + look.size) / wide, (top + look.size) / high)
    x, y = image.size
    cut = (box[0] * x, box[1] * y, box[2] * x, box[3] * y)
    pixels = np.asarray(image.resize((look.size, look.size), Resampling.BICUBIC, box=cut))
    return pixels, None, measure(kept)
