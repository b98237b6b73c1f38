"""Properties of rows that show without understanding anything."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

LOOKED_AT = 64  # pixels a side that brightness and contrast are of


def of_texts(texts: pa.Array) -> dict[str, NDArray[np.float64]]:
    """Length, words, and shares of capitals, digits and punctuation of texts (N,); NaN for null."""
    held = texts.cast(pa.string())
    length = _floats(pc.utf8_length(held))
    counts = {
        "share of capitals": r"\p{Lu}", "share of digits": r"\p{Nd}", "share of punctuation": r"\p{P}",
    }  # fmt: skip
    shares = {
        name: _floats(pc.count_substring_regex(held, pattern)) / np.maximum(length, 1)
        for name, pattern in counts.items()
    }
    return {"characters": length, "words": _floats(pc.count_substring_regex(held, r"\S+")), **shares}


def of_images(images: pa.Array) -> dict[str, NDArray[np.float64]]:
    """Bytes, width, height, brightness and contrast (0 to 1) of encoded images (N,); NaN where it is none."""
    names = ("bytes", "width", "height", "brightness", "contrast")
    values = np.array([_of_image(image) for image in images.to_pylist()]).reshape(-1, len(names))
    return dict(zip(names, values.T, strict=True))


def of_bytes(values: pa.Array) -> dict[str, NDArray[np.float64]]:
    """Bytes of what is bytes (N,)."""
    return {"bytes": _floats(pc.binary_length(values))}


def _of_image(value: bytes | Mapping[str, bytes | None] | None) -> tuple[float, ...]:
    from PIL import Image, UnidentifiedImageError

    data = value.get("bytes") if isinstance(value, Mapping) else value
    nothing = (float("nan"),) * 5
    if data is None:
        return nothing
    try:
        with Image.open(io.BytesIO(data)) as opened:
            width, height = opened.size
            opened.draft("L", (LOOKED_AT, LOOKED_AT))  # a JPEG is only read as far as that needs
            grey = np.asarray(opened.convert("L").resize((LOOKED_AT, LOOKED_AT)), np.float64) / 255
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return nothing
    return (float(len(data)), float(width), float(height), float(grey.mean()), float(grey.std()))


def _floats(values: pa.Array) -> NDArray[np.float64]:
    return np.asarray(pc.fill_null(values.cast(pa.float64()), float("nan")).to_numpy(zero_copy_only=False))
