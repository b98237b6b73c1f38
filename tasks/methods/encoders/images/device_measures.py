"""The measures of images that lie on a device: as `content.image.measures` has them, many at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.content.image.measures import KERNEL, LEAST_CONTRAST, ROUNDING
from labelworks.tasks.methods.encoders.transfers import to_host

GREY = (19595, 38470, 7471)  # of red, green, blue in 65,536 of brightness: ITU-R 601, as Pillow rounds it
HALF = 1 << 15


def measured(small: Any, size: tuple[int, int]) -> NDArray[np.float32]:
    """Measures (n, M) of images (n, 3, h, w) of bytes; size: how wide and high they were before."""
    import torch

    levels = small.int()
    grey = (sum(levels[:, band] * share for band, share in enumerate(GREY)) + HALF) >> 16
    counts = torch.zeros((len(small), 256), dtype=torch.int64, device=small.device)
    flat = grey.flatten(1).long()
    counts.scatter_add_(1, flat, torch.ones_like(flat))
    below = counts.cumsum(1)
    bright, dark = ((below < share * below[:, -1:]).sum(1) / 255 for share in (0.99, 0.05))
    wide, high = (torch.full_like(bright, side) for side in size)
    colour = (levels.amax(1) - levels.amin(1)).flatten(1).amax(1) / 255
    columns = [wide, high, bright, dark, _entropy(counts), _sharpness(grey.float()), colour]
    return np.asarray(to_host(torch.stack([column.float() for column in columns], dim=1)))


def boxed(batch: Any, size: tuple[int, int]) -> Any:
    """Images (n, 3, H, W) made small, (n, 3, h, w): means over blocks of pixels, those that Pillow takes."""
    high, wide = (_means(had, has).to(batch.device) for had, has in zip(batch.shape[2:], size, strict=True))
    return _levels(high @ _levels(batch.float() @ wide.T).float())


def _levels(numbers: Any) -> Any:
    import torch

    return (numbers + 0.5).floor_().clamp_(0, 255).to(torch.uint8)


def _means(had: int, has: int) -> Any:
    """What each pixel (has,) is made of those that there were (has, had): equal shares of those nearest."""
    import torch

    middles = (torch.arange(has, dtype=torch.float64)[:, None] + 0.5) * (had / has)
    place = (torch.arange(had)[None] - middles + 0.5) * (1 / (had / has))
    nearest = ((place > -0.5) & (place <= 0.5)).float()
    return nearest / nearest.sum(1, keepdim=True)


def _entropy(counts: Any) -> Any:
    import torch

    shares = counts / counts.sum(1, keepdim=True)
    return -torch.special.xlogy(shares, shares).sum(1) / np.log(2) + 0.0


def _sharpness(grey: Any) -> Any:
    """NaN where edges can't be told from rounding, or there are none."""
    import torch

    if min(grey.shape[1:]) < 3:
        return torch.full((len(grey),), np.nan, device=grey.device)
    contrast = _variance(grey) - ROUNDING
    inner = grey[:, 1:-1, 1:-1]
    edges = 4 * inner - grey[:, :-2, 1:-1] - grey[:, 2:, 1:-1] - grey[:, 1:-1, :-2] - grey[:, 1:-1, 2:]
    sharp = ((_variance(edges) - KERNEL * ROUNDING).clamp(min=0) / contrast).sqrt()
    return torch.where(contrast < LEAST_CONTRAST**2, np.nan, sharp)


def _variance(numbers: Any) -> Any:
    return numbers.flatten(1).double().var(1, correction=0)
