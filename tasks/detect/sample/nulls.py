"""Which columns of the source have no value in some rows: of a bounded number of rows."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as types

from labelworks.schemas.findings import ColumnNulls
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.detect.sample.some_rows import some_partitions
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.sources.source import Source

ROWS = 5_000  # that are looked at
BATCH = 1_000


def nulls_by_column(source: Source, ref: DatasetRef) -> tuple[ColumnNulls, ...]:
    """Columns with nulls (of numbers NaN too), those with most first; of the first rows of a few partitions.

    Columns of bytes, lists and structs are not read, for they are large.
    """
    chosen = some_partitions(ref.of("source"), ROWS)
    seen = map_partitions(
        "detect", count_nulls, chosen, unit="partitions looked at for nulls",
        source=source, most=math.ceil(ROWS / len(chosen)),
    )  # fmt: skip
    rows, nulls = (sum((part[place] for part in seen), Counter[str]()) for place in range(2))
    return tuple(
        ColumnNulls(name=name, rows=rows[name], nulls=count)
        for name, count in sorted(nulls.items(), key=lambda each: (-each[1] / rows[each[0]], each[0]))
        if count
    )


def count_nulls(partition: Partition, source: Source, most: int) -> tuple[Counter[str], Counter[str]]:
    """Rows looked at and nulls, by column, of at most so many rows of a partition."""
    reader, rows, nulls = source.reader(partition), Counter[str](), Counter[str]()
    names = plain_columns(reader.schemas())
    left = most
    for batch in reader.batches(names, BATCH) if names else ():
        for name in batch.schema.names:
            values = batch[name].slice(0, left)
            rows[name] += len(values)
            nulls[name] += int(pc.sum(pc.is_null(values, nan_is_null=True)).as_py() or 0)
        left -= batch.num_rows
        if left <= 0:
            break
    return rows, nulls


def plain_columns(schemas: Sequence[pa.Schema]) -> list[str]:
    """Columns that all pieces have, and that hold single values."""
    common = [name for name in schemas[0].names if all(name in schema.names for schema in schemas)]
    return [name for name in common if not any(_large(schema.field(name).type) for schema in schemas)]


def _large(kind: pa.DataType) -> bool:
    return bool(types.is_nested(kind) or types.is_binary(kind) or types.is_large_binary(kind))
