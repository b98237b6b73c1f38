"""JSON Lines, gzip too: streamed, its columns and types those of the first megabytes."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.json as pa_json
import pyarrow.types as types

from tasks.io.formats.base import Look
from tasks.io.formats.columns import roots

BLOCK = 16 << 20  # bytes; no line may be longer


class JsonLines:
    """One JSON object a line."""

    suffixes = ("jsonl", "ndjson", "jsonl.gz", "ndjson.gz")

    def look(self, file: Any, name: str) -> Look:
        """Infer columns and types from the first block."""
        schema = _open(file, name, None).schema
        return Look(pa.schema([field.with_type(_widened(field.type)) for field in schema]))

    def batches(
        self, file: Any, name: str, columns: list[str] | None, rows: int, groups: tuple[int, ...] | None
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows, with nothing converted that isn't asked for."""
        schema = self.look(file, name).schema
        if columns is not None:
            # one column at least: it tells the number of rows
            schema = pa.schema([schema.field(root) for root in roots(schema, columns) or schema.names[:1]])
        yield from _open(file, name, schema)


def _open(file: Any, name: str, schema: pa.Schema | None) -> Any:
    file.seek(0)
    packed = gzip.GzipFile(fileobj=file) if name.endswith(".gz") else file
    parse = pa_json.ParseOptions(
        explicit_schema=schema, unexpected_field_behavior="infer" if schema is None else "ignore"
    )
    return pa_json.open_json(packed, read_options=pa_json.ReadOptions(block_size=BLOCK), parse_options=parse)


def _widened(kind: pa.DataType) -> pa.DataType:
    """A vector whose first numbers are whole may have others later."""
    if types.is_list(kind) and types.is_integer(kind.value_type):
        return pa.list_(pa.float64())
    return kind
