"""Arrays of pixels as columns of encoded images, without loss: as whoever reads images knows them."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError

CHANNELS = (1, 3, 4)  # grey, colours, and colours that shine through
LEAST_SIDE = 8  # pixels: what is smaller is hardly meant as an image


def is_pixels(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
    """Whether an array of that shape (N, …) looks like images: bytes of N × height × width (× channels)."""
    return dtype == np.uint8 and has_sides(shape)


def has_sides(shape: tuple[int, ...]) -> bool:
    """Whether the shape (N, …) of an array is one of images, whatever its numbers."""
    sides = _sides(shape)
    return sides is not None and min(sides) >= LEAST_SIDE


def check_pixels(name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Raise InputError unless an array can be read as images."""
    if dtype != np.uint8 or _sides(shape) is None:
        raise InputError(
            f"array {name!r} is {dtype} of shape {shape}, and images are uint8 of N × height × width, or "
            "with 1, 3 or 4 channels behind them, or before",
            fix="save pixels of 0 to 255 as np.uint8, or name the array as features.vector",
        )


def as_images(pixels: NDArray[np.uint8]) -> pa.Array:
    """Rows of pixels (N, …) as PNG files."""
    return pa.array([_png(row) for row in pixels], pa.binary())


def _sides(shape: tuple[int, ...]) -> tuple[int, int] | None:
    """Height and width of the images of an array; None where it can't be of images."""
    if len(shape) == 3 and min(shape[1:]) > 0:
        return shape[1], shape[2]
    if len(shape) != 4 or min(shape[1:]) < 1:
        return None
    if shape[3] in CHANNELS:
        return shape[1], shape[2]
    return (shape[2], shape[3]) if shape[1] in CHANNELS else None


def _png(pixels: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    if pixels.ndim == 3 and pixels.shape[2] not in CHANNELS:
        pixels = np.moveaxis(pixels, 0, 2)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    sink = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(sink, "PNG", compress_level=1)
    return sink.getvalue()
