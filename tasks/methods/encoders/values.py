"""Texts and images as a column holds them; what can't be used becomes the reason of its row."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.types as types

from labelworks.schemas.arrow_types import is_text

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 64_000_000  # a larger image is refused before it is decoded
ABSENT = b"\0no image: "
LONGEST = 200  # characters of a reason


class UnusableError(Exception):
    """A value that can't be encoded; its text is the row's reason."""


def read_texts(values: pa.Array) -> tuple[list[str], list[str | None]]:
    """The texts of a column, "" where there is none to encode, and by row why."""
    texts: list[str] = []
    reasons: list[str | None] = []
    for data in _binary(values).to_pylist():
        try:
            texts.append(_text(data))
            reasons.append(None)
        except UnusableError as error:
            texts.append("")
            reasons.append(str(error))
    return texts, reasons


def content_bytes(values: pa.Array) -> list[bytes | None] | None:
    """What a column of texts, images or recordings holds, as bytes; None for a column of another type."""
    if types.is_struct(values.type) and _is_binary(values.type):
        return image_bytes(values)
    if types.is_binary(values.type) or types.is_large_binary(values.type) or is_text(values.type):
        return list(_binary(values).to_pylist())
    return None


def image_bytes(values: pa.Array) -> list[bytes | None]:
    """The encoded images of a column: binary, or a struct with a field `bytes`."""
    if types.is_struct(values.type):
        values = values.field("bytes")
    return list(values.to_pylist())


def absent(why: str) -> bytes:
    """What stands in a column of images where there is none: the reason of its row, in words."""
    return ABSENT + why[:LONGEST].encode("utf-8", "replace")


def decode_image(data: bytes | None, mode: str) -> Image:
    """Decode an image, turned as its EXIF says, in a mode: RGB or L; raise UnusableError with the reason."""
    return in_mode(opened_image(data), mode)


def in_mode(image: Image, mode: str) -> Image:
    """An image that is open in another mode; raise UnusableError where it can't be."""
    with _undecodable():
        return image.convert(mode)


def opened_image(data: bytes | None) -> Image:
    """The same in the mode that it is kept in."""
    from PIL import Image, ImageOps

    if data is None:
        raise UnusableError("null image")
    if data.startswith(ABSENT):
        raise UnusableError(data.removeprefix(ABSENT).decode())
    with _undecodable(), Image.open(io.BytesIO(data)) as opened:
        _bounded(opened.width, opened.height)
        opened.load()
        return ImageOps.exif_transpose(opened)


@contextmanager
def _undecodable() -> Iterator[None]:
    """Whatever a decoder raises on some bytes, as the reason of their row: it is about this row alone."""
    try:
        yield
    except UnusableError:
        raise
    except Exception as error:
        text = str(error).split(" <")[0] or type(error).__name__
        raise UnusableError(f"undecodable image: {text}"[:LONGEST]) from error


def _bounded(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise UnusableError(f"{width} × {height} pixels, more than {MAX_PIXELS}")


def _text(data: bytes | None) -> str:
    if data is None:
        raise UnusableError("null text")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise UnusableError(f"invalid UTF-8 at byte {error.start}") from error
    if not text.strip():
        raise UnusableError("blank text")
    return text


def _is_binary(struct: pa.DataType) -> bool:
    held = struct.field("bytes").type if struct.get_field_index("bytes") >= 0 else None
    return held is not None and bool(types.is_binary(held) or types.is_large_binary(held))


def _binary(values: pa.Array) -> pa.Array:
    """The same bytes as binary, so that reading one row can't fail for another that is no UTF-8."""
    if types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if types.is_binary(values.type) or types.is_large_binary(values.type):
        return values
    text = values if is_text(values.type) else values.cast(pa.string())
    return text.cast(pa.large_binary() if types.is_large_string(text.type) else pa.binary())
