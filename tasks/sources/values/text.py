"""Strings that aren't UTF-8: formats that don't check them row by row let them through."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.types as types

from labelworks.schemas.arrow_types import is_text


def not_utf8(values: pa.Array) -> pa.Array | None:
    """A mask (N,) of the strings that are no UTF-8; None if all are, or if they are no strings."""
    if not is_text(values.type):
        return None
    try:
        values.validate(full=True)
    except pa.ArrowInvalid:
        binary = values.cast(pa.large_binary() if types.is_large_string(values.type) else pa.binary())
        return pa.array([data is not None and not decodes(data) for data in binary.to_pylist()])
    return None


def replaced(values: pa.Array) -> pa.Array:
    """The values, with a replacement character for each byte that is no UTF-8."""
    if not_utf8(values) is None:
        return values
    held = values.cast(pa.large_binary()).to_pylist()
    return pa.array([None if data is None else data.decode(errors="replace") for data in held], values.type)


def decodes(data: bytes) -> bool:
    """Whether bytes are UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
