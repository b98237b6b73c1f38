"""Arrow's many types as the few that the rest knows: unwrapped once, where a file is read."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as types
from numpy.typing import NDArray

DASHES = (8, 13, 18, 23)  # places in the text of a UUID
HEX = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), np.uint8).reshape(256, 2)


def plain_type(kind: pa.DataType) -> pa.DataType:
    """The type as which values of another are read: no views, codes, run ends or extensions, at any depth."""
    if isinstance(kind, pa.UuidType):
        return pa.string()
    if isinstance(kind, pa.Bool8Type):
        return pa.bool_()
    if isinstance(kind, pa.BaseExtensionType):
        return plain_type(kind.storage_type)
    if types.is_dictionary(kind) or types.is_run_end_encoded(kind):
        return plain_type(kind.value_type)
    if types.is_string_view(kind):
        return pa.string()
    if types.is_binary_view(kind):
        return pa.binary()
    return _nested(kind)


def _nested(kind: pa.DataType) -> pa.DataType:
    if types.is_list(kind) or types.is_list_view(kind):
        return pa.list_(_field(kind.value_field))
    if types.is_large_list(kind) or types.is_large_list_view(kind):
        return pa.large_list(_field(kind.value_field))
    if types.is_fixed_size_list(kind):
        return pa.list_(_field(kind.value_field), kind.list_size)
    if types.is_struct(kind):
        return pa.struct([_field(kind.field(place)) for place in range(kind.num_fields)])
    return kind


def _field(field: pa.Field) -> pa.Field:
    return field.with_type(plain_type(field.type))


def plain(values: pa.Array) -> pa.Array:
    """Values (N,) as `plain_type` has them; the same array where there is nothing to unwrap."""
    kind = values.type
    wanted = plain_type(kind)
    if wanted == kind:
        return values
    if isinstance(kind, pa.UuidType):
        return _uuids(values.storage)
    if isinstance(kind, pa.BaseExtensionType):
        inner = plain(values.storage)
        return inner.cast(wanted) if inner.type != wanted else inner
    if types.is_dictionary(kind):
        return plain(values.dictionary).take(values.indices)
    if types.is_run_end_encoded(kind):
        return plain(pc.run_end_decode(values))
    if types.is_list_view(kind) or types.is_large_list_view(kind):
        return _lists(values, wanted)
    if _castable(kind):
        return values.cast(wanted)
    return pa.array(values.to_pylist(), wanted)  # run ends, extensions or views of lists within others: rare


def _lists(values: pa.Array, wanted: pa.DataType) -> pa.Array:
    """Views of lists as lists; Arrow's own cast gives arrays that aren't valid (26.0)."""
    lengths = pc.fill_null(pc.list_value_length(values), 0).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    of = pa.LargeListArray if types.is_large_list(wanted) else pa.ListArray
    whole = pa.array(offsets.astype(np.int64 if types.is_large_list(wanted) else np.int32))
    return of.from_arrays(whole, plain(values.flatten()), mask=pc.is_null(values)).cast(wanted)


def _castable(kind: pa.DataType) -> bool:
    """Whether Arrow casts a type to the plain one, with all that is in it."""
    if isinstance(kind, pa.BaseExtensionType) or types.is_run_end_encoded(kind):
        return False
    if types.is_list_view(kind) or types.is_large_list_view(kind):
        return False
    inner = [kind.field(place).type for place in range(kind.num_fields)]
    return all(map(_castable, inner))


def _uuids(storage: pa.Array) -> pa.Array:
    """The text of UUIDs (N,), each of 16 bytes."""
    rows = len(storage)
    valid = pc.is_valid(storage)
    held = pc.fill_null(storage, bytes(16))
    data = np.frombuffer(held.buffers()[1], np.uint8)[held.offset * 16 :][: rows * 16]
    text: NDArray[np.uint8] = np.full((rows, 36), ord("-"), np.uint8)
    text[:, [place for place in range(36) if place not in DASHES]] = HEX[data].reshape(rows, 32)
    offsets = pa.py_buffer(np.arange(0, 36 * (rows + 1), 36, dtype=np.int32))
    made = pa.Array.from_buffers(pa.string(), rows, [None, offsets, pa.py_buffer(text)])
    return pc.if_else(valid, made, pa.scalar(None, pa.string()))
