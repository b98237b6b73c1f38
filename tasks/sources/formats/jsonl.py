"""JSON Lines, packed too: streamed in blocks, its columns and types those of the first one."""

from __future__ import annotations

import io
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.json as pa_json
import pyarrow.types as types

from labelworks.tasks.sources.formats.base import NOTHING, FileSummary, ReadAs, UnreadableError
from labelworks.tasks.sources.formats.json_lines import check_end, inferred, read_lines
from labelworks.tasks.sources.formats.packed import WIDE, unpacked, with_packings
from labelworks.tasks.sources.values.columns import roots

BLOCK = 4 << 20  # bytes; types are inferred from the first block
LONGEST = 64 << 20  # bytes of a line


class JsonLines:
    """One JSON object a line."""

    suffixes = with_packings("jsonl", "ndjson")

    def look(self, file: Any, name: str, read_as: ReadAs) -> FileSummary:
        """Infer columns and types from the first block."""
        block = next(_blocks(file, name), b"")
        if not block.removeprefix(BOM_UTF8).strip():
            return NOTHING
        try:
            schema = _read(block, None).schema
        except pa.ArrowInvalid:
            check_end(block)
            schema = inferred(block)
        return FileSummary(pa.schema([_settled(field, read_as) for field in schema]))

    def batches(
        self,
        file: Any,
        name: str,
        columns: list[str] | None,
        rows: int,
        groups: tuple[int, ...] | None,
        read_as: ReadAs,
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows, with nothing converted that isn't asked for or judged; bad lines one by one."""
        schema = self.look(file, name, read_as).schema
        if columns is not None:
            # one column at least: it tells the number of rows
            wanted = roots(schema, [*columns, *read_as.judged]) or schema.names[:1]
            schema = pa.schema([schema.field(schema.names.index(root)) for root in wanted])
        for block in _blocks(file, name):
            try:
                yield from _read(block, schema).to_batches()
            except pa.ArrowInvalid:
                check_end(block)
                yield read_lines(block, schema)


def _blocks(file: Any, name: str) -> Iterator[bytes]:
    """Whole lines of a file, some megabytes at a time."""
    stream, rest = unpacked(file, name), b""
    data = stream.read(BLOCK)
    if data.startswith(WIDE):
        raise UnreadableError("it is UTF-16", "write it as UTF-8, which JSON Lines are")
    while data:
        following = stream.read(BLOCK)
        lines, newline, left = data.rpartition(b"\n")
        if not following:
            yield rest + data
            return
        if newline:
            yield rest + lines + newline
            rest = left
        else:
            rest += data
        if len(rest) > LONGEST:
            raise UnreadableError(f"a line is longer than {LONGEST >> 20} MB", "write one object a line")
        data = following


def _read(block: bytes, schema: pa.Schema | None) -> pa.Table:
    if not block.strip():
        return pa.schema([] if schema is None else schema).empty_table()
    parse = pa_json.ParseOptions(
        explicit_schema=schema, unexpected_field_behavior="infer" if schema is None else "ignore"
    )
    read = pa_json.ReadOptions(block_size=len(block) + 1, use_threads=False)
    return pa_json.read_json(io.BytesIO(block), read_options=read, parse_options=parse)


def _settled(field: pa.Field, read_as: ReadAs) -> pa.Field:
    """A column with the type that is expected of all its values."""
    kind, role = _as_typed(field.type), read_as.kinds.get(field.name)
    if types.is_null(kind) and role in ("string", "label", "cell"):
        kind = pa.string()
    elif types.is_floating(kind) and role == "string" and field.name in read_as.judged:
        kind = pa.string()  # ids that fit no int64 are floats to Arrow, and would be rounded
    elif types.is_list(kind) and types.is_integer(kind.value_type) and role != "label":
        kind = pa.list_(pa.float64())  # a vector whose first numbers are whole may have others later
    elif types.is_integer(kind) and role in ("number", "cell"):
        kind = pa.float64()
    return field.with_type(kind)


def _as_typed(kind: pa.DataType) -> pa.DataType:
    """The type without the times that Arrow takes strings for."""
    if types.is_timestamp(kind):
        return pa.string()
    if types.is_list(kind):
        return pa.list_(_as_typed(kind.value_type))
    if types.is_struct(kind):
        return pa.struct([field.with_type(_as_typed(field.type)) for field in kind.fields])
    return kind
