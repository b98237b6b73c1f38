"""Tables of one dataset whose files give a column different types, as one table of one type a column."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as types

from labelworks.schemas.arrow_types import is_bytes, is_number
from labelworks.schemas.errors import InputError

MOMENT = pa.timestamp("us")


def joined(tables: Sequence[pa.Table]) -> pa.Table:
    """All rows of some tables of the same columns, each column in the type that all of them fit into.

    Raises InputError naming a column whose types have nothing in common.
    """
    first = tables[0].schema
    if all(table.schema.equals(first) for table in tables):
        return pa.concat_tables(tables)
    names = list(dict.fromkeys(name for table in tables for name in table.column_names))
    kinds = {name: _kind(name, [table for table in tables if name in table.column_names]) for name in names}
    return pa.concat_tables([_of_types(table, kinds) for table in tables])


def _kind(name: str, tables: Sequence[pa.Table]) -> pa.DataType:
    kinds = list(dict.fromkeys(table.schema.field(name).type for table in tables))
    try:
        return common(kinds)
    except pa.ArrowTypeError as error:
        raise InputError(
            f"column {name!r} is {' and '.join(map(str, kinds))}, by file",
            fix="give it one type in all files",
        ) from error


def _of_types(table: pa.Table, kinds: dict[str, pa.DataType]) -> pa.Table:
    columns = {
        name: as_type(table[name], kind)
        if name in table.column_names
        else pa.chunked_array([pa.nulls(table.num_rows, kind)])
        for name, kind in kinds.items()
    }
    return pa.table(columns)


def common(kinds: Iterable[pa.DataType]) -> pa.DataType:
    """The type that values of all these types fit into: of numbers float64, of times microseconds, or text.

    Times with a zone and without are in UTC. pa.ArrowTypeError where they aren't alike at all.
    """
    distinct = list(dict.fromkeys(kind for kind in kinds if not types.is_null(kind)))
    if len(distinct) <= 1:
        return distinct[0] if distinct else pa.null()
    if all(types.is_integer(kind) and kind != pa.uint64() for kind in distinct):
        return pa.int64()
    if all(map(is_number, distinct)):
        return pa.float64()
    if all(types.is_timestamp(kind) or types.is_date(kind) for kind in distinct):
        zoned = any(types.is_timestamp(kind) and kind.tz for kind in distinct)
        return pa.timestamp("us", "UTC") if zoned else MOMENT
    if all(map(types.is_binary, distinct)) or all(map(is_bytes, distinct)):
        return pa.large_binary()
    if all(map(is_listed, distinct)):
        return pa.large_list(common(kind.value_type for kind in distinct))
    if any(types.is_nested(kind) or is_bytes(kind) for kind in distinct):
        raise pa.ArrowTypeError(f"{' and '.join(map(str, distinct))} have nothing in common")
    return pa.large_string() if any(map(types.is_large_string, distinct)) else pa.string()


def as_type(values: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """Values (N,) in a type that `common` gave for theirs: numbers and times rounded, others as they are."""
    if values.type == kind:
        return values
    if types.is_timestamp(kind) and kind.tz is not None:
        return values.cast(MOMENT, safe=False).cast(kind)
    if types.is_string(kind) and types.is_floating(values.type):
        return _written(values)
    return values.cast(kind, safe=False)


def _written(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Numbers as text, whole ones without a point; what is no number is null."""
    return pc.if_else(pc.is_nan(values), pa.scalar(None, pa.string()), values.cast(pa.string()))


def written_type(kind: pa.DataType) -> str:
    """A type as text that `read_type` reads."""
    return base64.b64encode(pa.schema([("", kind)]).serialize()).decode()


def read_type(text: str) -> pa.DataType:
    """The type that `written_type` wrote."""
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(text))).types[0]


def is_listed(kind: pa.DataType) -> bool:
    """Whether values of a type are lists."""
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))
