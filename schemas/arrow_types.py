"""What a column of an Arrow type holds, where several types hold the same."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.types as types


def is_number(kind: pa.DataType) -> bool:
    """Whether it holds single numbers, each of which is one dimension."""
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def is_text(kind: pa.DataType) -> bool:
    """Whether it holds strings."""
    return bool(types.is_string(kind) or types.is_large_string(kind))


def is_moment(kind: pa.DataType) -> bool:
    """Whether it holds dates or times of a calendar."""
    return bool(types.is_timestamp(kind) or types.is_date(kind))


def is_bytes(kind: pa.DataType) -> bool:
    """Whether it holds byte strings."""
    return bool(types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind))
