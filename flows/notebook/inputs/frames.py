"""Tables of a notebook as files that a run reads: parquet in a folder beside the store, named by content."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from labelworks.flows.notebook.inputs.columns import frame, length, matrix
from labelworks.schemas.config.run import StoreConfig
from labelworks.schemas.errors import InputError
from labelworks.tasks.catalog.frames import frames_beside
from labelworks.tasks.storage.store import Store

GROUP_ROWS = 10_000  # of which partitions are made
VECTOR = "vector"  # the column of vectors that come beside a table


def written(data: Any, store: StoreConfig, secrets: dict[str, Any], name: str) -> str:
    """Write a table beside the store, unless the same one is there; where it is.

    So the same table is the same source, whose run is found again. Raises InputError for what parquet can't
    hold, StoreError where nothing can be written.
    """
    beside = frames_beside(Store(store.root, {**store.storage_options, **secrets}))
    sink = io.BytesIO()
    pq.write_table(as_arrow(data), sink, row_group_size=GROUP_ROWS)
    content = sink.getvalue()
    file = f"{name}/{hashlib.blake2b(content, digest_size=8).hexdigest()}.parquet"
    if not beside.exists(file):
        beside.write(file, content)
    return beside.url(file)


def as_arrow(data: Any) -> pa.Table:
    """A table of pandas, polars, Arrow or datasets, or a dictionary of columns; images as bytes.

    Raises InputError naming the column that no table can hold.
    """
    module = type(data).__module__.partition(".")[0]
    if module == "datasets":
        from datasets.table import embed_table_storage  # type: ignore[import-untyped]

        return embed_table_storage(data.with_format("arrow")[:])  # images that are files
    if module == "polars":
        return data.to_arrow()
    if isinstance(data, pa.Table):
        return data
    held = frame(data, "data")
    columns = [str(column) for column in held.columns]
    if len(set(columns)) < len(columns):
        raise InputError("two columns have the same name", where="data", fix="rename or drop one")
    return pa.table({name: _column(name, held.iloc[:, place]) for place, name in enumerate(columns)})


def with_vectors(data: Any, vectors: Any) -> pa.Table:
    """The table with vectors (N, D), which came beside it, as a column."""
    table, rows = as_arrow(data), matrix(vectors, "vector").values
    if VECTOR in table.column_names:
        raise InputError(
            f"data has a column {VECTOR!r}, and vectors came beside it",
            where="curate(vector=…)",
            fix="drop or rename the column, or give its name",
        )
    length("vector", len(rows), table.num_rows, "data")
    if rows.ndim != 2 or rows.dtype.kind != "f":
        raise InputError(
            f"vectors are {rows.dtype} {rows.shape}",
            where="curate(vector=…)",
            fix="give floats (N, D)",
        )
    flat = pa.array(np.ascontiguousarray(rows).ravel())
    return table.append_column(VECTOR, pa.FixedSizeListArray.from_arrays(flat, rows.shape[1]))


def _column(name: str, values: pd.Series[Any]) -> pa.Array:
    given = values.map(_encoded) if pd.api.types.is_object_dtype(values.dtype) else values
    try:
        return pa.Array.from_pandas(given)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        kinds = sorted({type(value).__name__ for value in given.head(1000)})
        raise InputError(
            f"column {name!r} holds {', '.join(kinds)}, which no file can hold together",
            where=f"data, column {name!r}",
            fix="make it of one type, or drop it",
        ) from error


def _encoded(value: Any) -> Any:
    """A picture of PIL as the bytes of a PNG; anything else as it is."""
    if not (type(value).__module__.startswith("PIL.") and hasattr(value, "save")):
        return value
    sink = io.BytesIO()
    value.save(sink, "PNG")
    return sink.getvalue()
