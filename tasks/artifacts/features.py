"""The features of a partition's rows as an encoder takes them, whatever the config says they are in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.types as types

from labelworks.schemas.records import Partition
from labelworks.tasks.execution.prefetch import ahead
from labelworks.tasks.methods.encoders.values import absent
from labelworks.tasks.sources.source import Source
from labelworks.tasks.sources.values.image_paths import inside
from labelworks.tasks.sources.values.joined import joined
from labelworks.tasks.sources.values.text_spans import as_tokens
from labelworks.tasks.storage.filesystem import open_filesystem
from labelworks.tasks.storage.ranges import read_at_once
from labelworks.tasks.storage.retries import again

FETCHED_AT_ONCE = 16  # images
FETCHED_ROWS = 256  # images in memory
SPANS = {  # Arrow's types of no date, and the numbers that they are
    pa.time32("s").id: pa.int32(), pa.time64("us").id: pa.int64(), pa.duration("s").id: pa.int64(),
}  # fmt: skip


def feature_batches(source: Source, partition: Partition, rows: int) -> Iterator[pa.Array]:
    """Yield the features of all rows in order, at most `rows` at a time."""
    for batch in source.reader(partition).batches(list(source.columns.features), rows):
        held = as_encoded(source, pa.Table.from_batches([batch]))
        size = FETCHED_ROWS if source.columns.image_root else rows
        yield from (resolved(source, held.slice(start, size)) for start in range(0, len(held), size))


def first_features(source: Source, partition: Partition, rows: int) -> list[pa.Array]:
    """The features of the first rows, at most so many."""
    return list(islice(feature_batches(source, partition, rows), 1))


def some_features(source: Source, partition: Partition, rows: np.ndarray[Any, Any] | int) -> pa.Array:
    """The features of some rows (their places), or of so many that are spread over the partition."""
    held = source.reader(partition).some(list(source.columns.features), rows)
    return resolved(source, as_encoded(source, held))


def as_encoded(source: Source, table: pa.Table) -> pa.Array:
    """The one column of the features; several columns as a struct of them, a row each."""
    asked = source.columns
    if asked.kind == "tokens":
        return as_tokens(table[asked.feature].combine_chunks())
    if asked.kind != "columns":
        return table[asked.feature].combine_chunks()
    columns = [table[name].combine_chunks() for name in asked.features]
    return pa.StructArray.from_arrays([_plain(column) for column in columns], names=list(asked.features))


def _plain(column: pa.Array) -> pa.Array:
    """Numbers, moments and texts as they are, truths as numbers, times of a day and spans as theirs."""
    if types.is_boolean(column.type):
        return column.cast(pa.int8())
    return column.cast(SPANS[column.type.id]) if column.type.id in SPANS else column


def concatenated(parts: Sequence[pa.Array]) -> pa.Array:
    """Features one after the other; columns whose types differ by file in one that holds all of them."""
    if len({part.type for part in parts}) == 1:
        return pa.concat_arrays(parts)
    return joined([pa.Table.from_struct_array(part) for part in parts]).to_struct_array().combine_chunks()


def resolved(source: Source, values: pa.Array) -> pa.Array:
    """Paths of images as their bytes; where there are none, as the words that say why (see `absent`)."""
    root = source.columns.image_root
    if root is None:
        return values
    fs, base = open_filesystem(root, source.options)
    fetch = partial(_fetch, fs, base.rstrip("/"), root.rstrip("/"))
    return pa.array(list(ahead(fetch, values.to_pylist(), FETCHED_AT_ONCE)), pa.large_binary())


def _fetch(fs: Any, base: str, root: str, name: str | None) -> bytes | None:
    """The bytes of an image below a folder; a path that leads out of it is not followed."""
    if not name:
        return None
    path = inside(name, root, base)
    if path is None:
        return absent(f"its path leads out of dataset.image_root: {name}")
    content = again(f"{root}/{path}", _read, fs, f"{base}/{path}")
    return absent(f"there is no image {name}") if content is None else content


def _read(fs: Any, path: str) -> bytes | None:
    try:
        return read_at_once(fs, path)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
