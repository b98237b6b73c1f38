"""A look at a dataset from outside: its files, its columns, a few thousand rows spread over it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as types

from schemas.errors import InputError
from tasks.io.columns import fits
from tasks.io.source import SourceReader, list_files

PLACES = 4  # files looked at, and places in each
ROWS, BYTES, BATCH = 20_000, 64 << 20, 500  # of the whole sample; rows read at a time
LISTED = 12
PEEKED = 20  # images looked into
MAGIC = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM", b"II*\x00", b"MM\x00*")
SUFFIXES = r"(?i)\.(png|jpe?g|gif|webp|bmp|tiff?)$"
_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Column:
    """What the sample says of one column."""

    name: str
    type: pa.DataType
    values: int = field(metadata={"about": "that are not null"})
    nulls: int
    distinct: int | None = None
    length: float = 0.0
    spaced: float = 0.0
    images: bool = False
    image_paths: bool = False
    width: int | None = None


@dataclass(frozen=True)
class Look:
    """A dataset from outside."""

    source: str
    formats: tuple[str, ...]
    files: int
    looked_at: int
    sample: pa.Table
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """The column of that name; raise InputError listing the columns if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise InputError(f"there is no column {name!r}", where=self.source, fix=f"columns: {self.listed}")

    def counts(self, name: str) -> list[tuple[Any, int]]:
        """Distinct values of a column in the sample and how often they occur, the commonest first."""
        counted = pc.value_counts(_plain(self.sample[name]).drop_null()).to_pylist()
        pairs = [(entry["values"], entry["counts"]) for entry in counted]
        return sorted(pairs, key=lambda pair: (-pair[1], str(pair[0])))

    @property
    def listed(self) -> str:
        """Columns and types, for messages."""
        shown = [f"{column.name} ({_named(column.type)})" for column in self.columns[:LISTED]]
        more = len(self.columns) - len(shown)
        return ", ".join(shown) + (f" and {more} more" if more else "")


def look(source: str, options: dict[str, Any] | None = None) -> Look:
    """Look at a path, a folder, a glob or s3://bucket/prefix.

    Raises InputError if there are no rows or they can't be read, StoreError if the store can't be reached.
    """
    files = list_files(source, "auto", options or {})
    chosen = _spread([file for file in files if file.size], PLACES)
    readers = [SourceReader(source, file.path, file.format, options or {}, file.name) for file in chosen]
    tables = [table for reader in readers for table in _heads(reader, len(readers))]
    if not tables:
        raise InputError("the dataset is empty: no file has a row", where=source)
    try:
        sample = _flat(pa.concat_tables(tables, promote_options="permissive"))
    except pa.ArrowException as error:
        raise InputError(f"the files' columns differ in type ({error})", where=source) from error
    columns = tuple(_examined(name, sample[name]) for name in sample.column_names)
    formats = tuple(sorted({file.format for file in files}))
    return Look(source, formats, len(files), len(chosen), sample, columns)


def _flat(table: pa.Table) -> pa.Table:
    """Fields of structs as columns under their dotted names; images stay whole."""
    for name in table.column_names:
        kind = table.schema.field(name).type
        if types.is_struct(kind) and not fits(kind, "image"):
            inner = _flat(table.select([name]).flatten())
            table = table.drop_columns(name)
            for field, column in zip(inner.column_names, inner.columns, strict=True):
                table = table.append_column(field, column)
    return table


def _spread(items: Sequence[_Item], count: int) -> list[_Item]:
    """At most so many items, from the first to the last: neighbours are often alike."""
    if len(items) <= count:
        return list(items)
    return [items[round(step * (len(items) - 1) / (count - 1))] for step in range(count)]


def _heads(reader: SourceReader, readers: int) -> list[pa.Table]:
    """First rows of some row groups, or of the file: its share of the sample."""
    places: list[tuple[int, ...] | None] = [None]
    if (groups := reader.look().groups) is not None:
        places = [(group,) for group in _spread(range(len(groups)), PLACES)]
    share = readers * len(places)
    heads = [_head(reader.batches(place, None, BATCH), ROWS // share, BYTES // share) for place in places]
    return [pa.Table.from_batches(head) for head in heads if head]


def _head(batches: Iterable[pa.RecordBatch], rows: int, size: int) -> list[pa.RecordBatch]:
    taken: list[pa.RecordBatch] = []
    for batch in batches:
        if batch.num_rows:
            taken.append(batch)
        if sum(each.num_rows for each in taken) >= rows or sum(each.nbytes for each in taken) >= size:
            break
    return taken


def _examined(name: str, column: pa.ChunkedArray) -> Column:
    kind, nulls = column.type, column.null_count
    values = _plain(column).drop_null()
    known: dict[str, Any] = {"name": name, "type": kind, "values": len(values), "nulls": nulls}
    if not len(values):
        return Column(**known)
    if fits(kind, "label") or fits(kind, "id"):
        known["distinct"] = pc.count_distinct(values).as_py()
    if fits(kind, "text"):
        known["length"] = pc.mean(pc.utf8_length(values)).as_py()
        known["spaced"] = _share(pc.match_substring(values, " "))
        known["image_paths"] = _share(pc.match_substring_regex(values, SUFFIXES)) == 1
    elif fits(kind, "image"):
        held = pc.struct_field(values, "bytes") if types.is_struct(kind) else values
        peeked = held.drop_null().slice(0, PEEKED).to_pylist()
        known["images"] = bool(peeked) and all(value.startswith(MAGIC) for value in peeked)
    elif fits(kind, "vector"):
        lengths = pc.unique(pc.list_value_length(values)).to_pylist()
        known["width"] = lengths[0] if len(lengths) == 1 else None
    return Column(**known)


def _named(kind: pa.DataType) -> str:
    return f"{kind.value_type}, dictionary" if types.is_dictionary(kind) else str(kind)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(column.type.value_type) if types.is_dictionary(column.type) else column


def _share(mask: pa.ChunkedArray) -> float:
    return float(pc.mean(mask.cast(pa.int8())).as_py())
