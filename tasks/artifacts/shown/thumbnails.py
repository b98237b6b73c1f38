"""Pictures as data URIs: nothing in a report is loaded from elsewhere."""

from __future__ import annotations

import io
from base64 import b64encode

LARGEST, SMALL = 320, 64


def data_uri(png: bytes) -> str:
    """Write a PNG as a data URI."""
    return f"data:image/png;base64,{b64encode(png).decode()}"


def thumbnail(image: bytes, largest: int = LARGEST) -> tuple[str, bool] | None:
    """Decode an image and make a small PNG of it: its data URI, and whether it is a handful of pixels.

    Returns None for bytes that aren't an image: a report must not fail on the row that it is to show.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(image)) as opened:
            opened.draft("RGB", (largest, largest))  # a JPEG is decoded no larger than it has to be
            picture = opened.convert("RGBA" if "A" in opened.getbands() else "RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    tiny = max(picture.size) <= SMALL
    picture.thumbnail((largest, largest))
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", optimize=True)
    return data_uri(buffer.getvalue()), tiny
