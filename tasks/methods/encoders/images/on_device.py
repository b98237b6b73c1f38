"""JPEGs decoded on the device: scaled, cropped and measured there, a batch of one size at a time."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.content.image.measures import NAMES, SIDE
from labelworks.tasks.methods.encoders.images.device_measures import boxed, measured
from labelworks.tasks.methods.encoders.importing import needed
from labelworks.tasks.methods.encoders.pictures import ImageTransform
from labelworks.tasks.methods.encoders.values import MAX_PIXELS

PIXELS_AT_ONCE = 32_000_000  # that are decoded together: 96 MB, four times that while they are scaled
STARTS, ENDS = b"\xff\xd8\xff", b"\xff\xd9"  # of a JPEG; one without its end may be cut off
ORIENTATION = 0x0112  # of EXIF
Decode: TypeAlias = Callable[[Sequence[bytes]], list[Any]]  # to (3, H, W) each; RuntimeError if one can't be


@dataclass(frozen=True)
class Decoded:
    """Rows (n,) that a device has decoded, their pixels (n, 3, S, S) there, measures (n, M) in memory."""

    rows: NDArray[np.intp]
    pixels: Any
    measures: NDArray[np.float32]


def decoder_of(device: str) -> Decode | None:
    """What decodes JPEGs on a device: torchvision, where it is there and can; else None."""
    import torch

    def decode(images: Sequence[bytes]) -> list[Any]:
        library = needed("torchvision.io", "gpu")
        raw = [torch.frombuffer(bytearray(image), dtype=torch.uint8) for image in images]
        return list(library.decode_jpeg(raw, mode=library.ImageReadMode.RGB, device=device))

    with suppress(ConfigError, RuntimeError):  # not there, built for another torch, without nvJPEG
        return decode if decode([_smallest()]) else None
    return None


def size_of(data: bytes | None) -> tuple[int, int] | None:
    """Width and height of a JPEG that a device decodes as Pillow does; None: Pillow has to.

    That is so for all other formats, for CMYK, for what EXIF turns, for what may be cut off or is too large.
    """
    from PIL import Image

    if data is None or not data.startswith(STARTS) or not data.rstrip(b"\0").endswith(ENDS):
        return None
    with suppress(Exception), Image.open(io.BytesIO(data)) as image:  # Pillow says why, where it decodes
        plain = image.format == "JPEG" and image.mode in ("RGB", "L") and image.info.get("adobe_transform", 1)
        if plain and image.width * image.height <= MAX_PIXELS and image.getexif().get(ORIENTATION, 1) == 1:
            return image.size
    return None


def decoded(look: ImageTransform, images: Sequence[bytes | None], decode: Decode, device: str) -> Decoded:
    """Those of the images that the device decodes, as `look` wants them."""
    import torch

    sizes = [size_of(image) for image in images]
    done: list[Decoded] = []
    for rows in _together(sizes):
        there = _one_by_one(decode, [images[row] or b"" for row in rows])
        done += _by_size(
            look, [(row, image) for row, image in zip(rows, there, strict=True) if image is not None]
        )
    if not done:
        none = torch.empty((0, 3, look.size, look.size), dtype=torch.uint8, device=device)
        return Decoded(np.zeros(0, np.intp), none, np.zeros((0, len(NAMES)), np.float32))
    pixels = torch.cat([part.pixels for part in done])
    measures = np.concatenate([part.measures for part in done])
    return Decoded(np.concatenate([part.rows for part in done]), pixels, measures)


def _together(sizes: Sequence[tuple[int, int] | None]) -> Iterator[list[int]]:
    """Rows whose images are decoded at once, those of one size beside each other."""
    known = sorted((size, row) for row, size in enumerate(sizes) if size)
    rows, held = list[int](), 0
    for (wide, high), row in known:
        if rows and held + wide * high > PIXELS_AT_ONCE:
            yield rows
            rows, held = [], 0
        rows.append(row)
        held += wide * high
    if rows:
        yield rows


def _one_by_one(decode: Decode, images: Sequence[bytes]) -> list[Any]:
    """Each image decoded, None where the device refuses it: halves are tried, so that others aren't lost."""
    try:
        return decode(images)
    except RuntimeError:  # also of memory that ran out
        if len(images) == 1:
            return [None]
    half = len(images) // 2
    return _one_by_one(decode, images[:half]) + _one_by_one(decode, images[half:])


def _by_size(look: ImageTransform, images: Sequence[tuple[int, Any]]) -> list[Decoded]:
    import torch

    groups: dict[tuple[int, ...], list[tuple[int, Any]]] = {}
    for row, image in images:
        groups.setdefault(tuple(image.shape), []).append((row, image))
    made = []
    for group in groups.values():
        batch = torch.stack([image for _, image in group])
        rows = np.array([row for row, _ in group], np.intp)
        made.append(Decoded(rows, scaled(look, batch), measured(*_small(batch))))
    return made


def scaled(look: ImageTransform, batch: Any) -> Any:
    """Images (n, 3, H, W) as the square that a network wants, (n, 3, S, S): bicubic, the edges cut off."""
    import torch

    (left, top), (wide, high) = look.cut(batch.shape[3], batch.shape[2])
    numbers = torch.nn.functional.interpolate(batch.float(), (high, wide), mode="bicubic", antialias=True)
    levels = numbers.round_().clamp_(0, 255).to(torch.uint8)
    return levels[..., top : top + look.size, left : left + look.size].contiguous()


def _small(batch: Any) -> tuple[Any, tuple[int, int]]:
    """The images as large as they are measured at, and how large they were."""
    high, wide = batch.shape[2:]
    if (scale := SIDE / max(high, wide)) >= 1:
        return batch, (wide, high)
    size = max(1, round(high * scale)), max(1, round(wide * scale))
    return boxed(batch, size), (wide, high)


def _smallest() -> bytes:
    """A JPEG of 16 × 16."""
    from PIL import Image

    sink = io.BytesIO()
    Image.new("RGB", (16, 16)).save(sink, "JPEG")
    return sink.getvalue()
