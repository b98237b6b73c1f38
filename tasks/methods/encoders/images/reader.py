"""A column of images read for a network: on the device what it decodes, the others by Pillow."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.tasks.methods.content.image.measures import stacked
from labelworks.tasks.methods.encoders.device import Prepared
from labelworks.tasks.methods.encoders.images.decoders import Decoders
from labelworks.tasks.methods.encoders.images.on_device import Decode, Decoded, decoded, decoder_of
from labelworks.tasks.methods.encoders.pictures import ImageTransform, Picture, read_picture
from labelworks.tasks.methods.encoders.transfers import Lane, to_device
from labelworks.tasks.methods.encoders.values import image_bytes


@dataclass(frozen=True, eq=False)
class DevicePixels:
    """Pixels (N, 3, S, S) of images, on the device."""

    pixels: Any

    def __len__(self) -> int:
        return len(self.pixels)

    def only(self, rows: NDArray[np.intp]) -> DevicePixels:
        """Some images (n,), in their order."""
        import torch

        if self.pixels.is_cuda:  # else its memory is given away while the stream of this thread reads it
            self.pixels.record_stream(torch.cuda.current_stream())
        return DevicePixels(self.pixels[to_device(rows, str(self.pixels.device))])


class ImageReader:
    """Reads images for a device: beside a GPU in processes, else in the worker's own threads.

    decode: what decodes JPEGs on the device; None: nothing does.
    """

    def __init__(self, device: str, helpers: int, decode: Decode | None = None) -> None:
        self.device, self.helpers, self.decode = device, helpers, decode
        self.decoders = None if device == "cpu" else Decoders(helpers)

    @classmethod
    def of(cls, device: str, helpers: int) -> ImageReader:
        """The one of a device: JPEGs are decoded on a GPU where torchvision is there and can."""
        return cls(device, helpers, None if device == "cpu" else decoder_of(device))

    def read(self, look: ImageTransform, values: pa.Array) -> Prepared:
        """The images of a column as a network wants them; one that can't be decoded is a reason for none."""
        images = image_bytes(values)
        if self.decode is None:
            return _prepared(self._by_pillow(look, images))
        lane = Lane(self.device)
        return lane.working(self._mixed, look, images, self.decode)  # type: ignore[no-any-return]

    def _by_pillow(self, look: ImageTransform, images: Sequence[bytes | None]) -> list[Picture]:
        if self.decoders is not None:
            return self.decoders.read(look, images)
        with ThreadPoolExecutor(self.helpers, thread_name_prefix="decode") as pool:
            return list(pool.map(partial(read_picture, look), images))

    def _mixed(self, look: ImageTransform, images: Sequence[bytes | None], decode: Decode) -> Prepared:
        """On the device what it decodes; what it doesn't comes to lie beside it."""
        import torch

        there = decoded(look, images, decode, self.device)
        others = np.setdiff1d(np.arange(len(images)), there.rows)
        rest = _prepared(self._by_pillow(look, [images[row] for row in others.tolist()]))
        sent = _sent(look, rest.items, self.device)
        rows = np.concatenate([there.rows, others[rest.usable]])
        order = np.argsort(rows)
        pixels = torch.cat([there.pixels, sent])[to_device(order, str(sent.device))]
        if pixels.is_cuda:  # for other streams are to read it
            torch.cuda.current_stream().synchronize()
        return Prepared(
            DevicePixels(pixels), np.ones(len(rows), np.int64), rows[order],
            _by_row(len(images), others, rest.reasons), _measures(len(images), there, others, rest),
        )  # fmt: skip


def _prepared(pictures: Sequence[Picture]) -> Prepared:
    reasons = [reason for _, reason, _ in pictures]
    usable = np.flatnonzero([reason is None for reason in reasons])
    items = [pictures[row][0] for row in usable.tolist()]
    return Prepared(
        items, np.ones(len(items), np.int64), usable, reasons, stacked([of for *_, of in pictures])
    )


def _sent(look: ImageTransform, items: Any, device: str) -> Any:
    """Pixels (n, S, S, 3) in memory as (n, 3, S, S) on the device."""
    held = np.stack(items) if len(items) else np.zeros((0, look.size, look.size, 3), np.uint8)
    return to_device(held, device).permute(0, 3, 1, 2)


def _by_row(total: int, rows: NDArray[np.intp], reasons: Sequence[str | None]) -> list[str | None]:
    why: list[str | None] = [None] * total
    for row, reason in zip(rows.tolist(), reasons, strict=True):
        why[row] = reason
    return why


def _measures(total: int, there: Decoded, others: NDArray[np.intp], rest: Prepared) -> NDArray[np.float32]:
    measures = np.full((total, there.measures.shape[1]), np.nan, np.float32)
    measures[there.rows] = there.measures
    if rest.measures is not None and len(others):
        measures[others] = rest.measures
    return measures
