"""Pictures as data URIs: nothing in a report is loaded from elsewhere."""

from __future__ import annotations

import io
from base64 import b64encode
from typing import Literal

LARGEST, SMALL = 320, 64
Form = Literal["png", "jpeg"]


def data_uri(image: bytes, form: str = "png") -> str:
    """Write an encoded image as a data URI."""
    return f"data:image/{form};base64,{b64encode(image).decode()}"


def thumbnail(image: bytes, largest: int = LARGEST, *, form: Form = "png") -> tuple[str, bool] | None:
    """Decode an image and make a small one of it: its data URI, and whether it is a handful of pixels.

    form: of photographs jpeg takes a tenth of the bytes; what is tiny or partly clear is a PNG all the same.
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
    made: Form = "png" if tiny or picture.mode != "RGB" else form
    picture.save(buffer, format=made, optimize=True)
    return data_uri(buffer.getvalue(), made), tiny
