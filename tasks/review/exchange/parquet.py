"""A queue as Parquet: texts of any length, columns as in CSV."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from labelworks.schemas.errors import InputError
from labelworks.schemas.review import ReviewQueue
from labelworks.tasks.review.exchange.carried import Pictures
from labelworks.tasks.review.exchange.table import COLUMNS, LACKING, NEEDED, texts

ENDING, MAGIC = ".parquet", b"PAR1"


def write(queue: ReviewQueue, pictures: Pictures) -> dict[str, bytes]:
    """The table; all its columns are texts."""
    sink, schema = io.BytesIO(), pa.schema([(name, pa.string()) for name in COLUMNS])
    pq.write_table(pa.Table.from_pylist(texts(queue), schema), sink)
    return {"": sink.getvalue()}


def read(data: bytes, where: str) -> list[dict[str, Any]]:
    """Its rows; of other columns than it was written with none is read."""
    try:
        with pq.ParquetFile(io.BytesIO(data)) as file:
            names = file.schema_arrow.names
            lacking = next((name for name in NEEDED if name not in names), None)
            if lacking:
                raise InputError(f"no column {lacking!r}", where=where, fix=LACKING)
            table = file.read([name for name in COLUMNS if name in names and name != "shown"])
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"no parquet file ({error})", where=where) from error
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows
