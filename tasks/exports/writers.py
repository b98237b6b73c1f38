"""Files that tables are streamed into, one after the other: parquet, CSV or JSON Lines, by their endings."""

from __future__ import annotations

import base64
import gzip
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pyarrow.types as types

from labelworks.schemas.arrow_types import is_bytes
from labelworks.schemas.errors import ConfigError

ENDINGS = (".parquet", ".csv", ".jsonl")
PACKED = ".gz"


class Write(Protocol):
    """Takes the next table."""

    def __call__(self, table: pa.Table) -> None:
        """Write its rows."""


def check_ending(name: str) -> None:
    """Raise ConfigError for a name whose ending says no format."""
    if not name.lower().removesuffix(PACKED).endswith(ENDINGS) or name.lower().endswith(".parquet.gz"):
        raise ConfigError(
            "what it is written as isn't known",
            where=name,
            fix="end it in .parquet, .csv or .jsonl; the last two may be packed: .csv.gz",
        )


@contextmanager
def writing(path: Path, name: str, schema: pa.Schema) -> Iterator[Write]:
    """A file at a path, of the format that a name ends in, to write tables of a schema into."""
    ending = name.lower().removesuffix(PACKED)
    if ending.endswith(".parquet"):
        with pq.ParquetWriter(path, schema, compression="zstd") as parquet:
            yield parquet.write_table
        return
    with (gzip.open if name.lower().endswith(PACKED) else open)(path, "wb") as file:
        if ending.endswith(".jsonl"):
            yield lambda table: _write_lines(file, table)
            return
        with pa_csv.CSVWriter(file, _in_cells(schema.empty_table()).schema) as cells:
            yield lambda table: cells.write_table(_in_cells(table))


def _write_lines(file: Any, table: pa.Table) -> None:
    for row in table.to_pylist():
        file.write(_json(row).encode() + b"\n")


def _in_cells(table: pa.Table) -> pa.Table:
    """The table as a CSV can hold it: lists and structs as JSON, bytes as base64."""
    columns = {name: as_cells(table[name]) for name in table.column_names}
    return pa.table(columns)


def as_cells(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Values as a cell holds them: lists, structs, intervals as JSON, bytes as base64, others as they are."""
    kind = values.type
    if types.is_nested(kind) or types.is_interval(kind):
        written = [None if value is None else _json(value) for value in values.to_pylist()]
        return pa.chunked_array([pa.array(written, pa.string())])
    if is_bytes(kind):
        written = [None if value is None else _plain(value) for value in values.to_pylist()]
        return pa.chunked_array([pa.array(written, pa.string())])
    return values


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=_plain, allow_nan=False)
    except ValueError:  # NaN and infinity are no JSON
        return json.dumps(_finite(value), ensure_ascii=False, default=_plain, allow_nan=False)


def _plain(value: Any) -> str:
    """What JSON has no words for: bytes as base64, times as ISO 8601, the rest as text."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


def _finite(value: Any) -> Any:
    """The value with null for what isn't finite."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
