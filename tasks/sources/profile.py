"""A look at a dataset from outside: its files, its columns, a few thousand rows spread over it."""

from __future__ import annotations

import lzma
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from math import isfinite
from pathlib import PurePosixPath
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as types

from labelworks.schemas.errors import InputError
from labelworks.tasks.sources.column_roles import fits, twice
from labelworks.tasks.sources.files import SourceFile, SourceReader, listing
from labelworks.tasks.sources.formats import ReadAs
from labelworks.tasks.sources.formats.base import PIXELS, Kind, UnreadableError, left_out_of
from labelworks.tasks.sources.formats.images import IMAGE, image_values
from labelworks.tasks.sources.formats.packed import unpacked
from labelworks.tasks.sources.formats.sniff import COMMON, HEAD, Dialect, sniff
from labelworks.tasks.sources.guess.column import PEEKED, Column, examined, named, plain
from labelworks.tasks.sources.values.columns import class_names
from labelworks.tasks.sources.values.joined import joined
from labelworks.tasks.storage.filesystem import open_filesystem
from labelworks.tasks.storage.ranges import open_object

PLACES = 4  # places in each file
FILES = 8  # looked at
ROWS, BYTES, BATCH = 20_000, 16 << 20, 500  # of the whole sample; rows read at a time
PATHS = 50_000  # images whose names are looked at
LISTED = 12
NO_BYTES = "is of the shape of images and read as vectors: bytes (np.uint8, 0 to 255) are read as images"
SEVERAL = "is the name of several columns, none of which is taken: rename them"
_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Profile:
    """A dataset from outside. notes: what was seen of its files that a person should know."""

    source: str
    files: tuple[SourceFile, ...]
    looked_at: int
    sample: pa.Table
    columns: tuple[Column, ...]
    whole: bool = field(default=False, metadata={"about": "whether the sample is all there is"})
    dialect: Dialect = COMMON
    notes: tuple[str, ...] = ()
    class_names: dict[str, list[str]] = field(default_factory=dict)
    columns_of: dict[str, tuple[str, ...]] = field(default_factory=dict)
    doubled: frozenset[str] = field(
        default=frozenset(), metadata={"about": "names that are of several columns: none of them can be used"}
    )
    pixels: frozenset[str] = field(
        default=frozenset(), metadata={"about": "columns that images are arrays in"}
    )
    left_out: dict[str, str] = field(
        default_factory=dict, metadata={"about": "parts of files that are no columns, and why"}
    )

    def column(self, name: str) -> Column:
        """The column of that name; raise InputError listing the columns if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        if name in self.doubled:
            raise twice(self.source, name, "init")
        if lost := self.left_out.get(name):
            why, _, fix = lost.partition(": ")
            raise InputError(f"{name!r} {why}", where=self.source, fix=fix)
        raise InputError(f"there is no column {name!r}", where=self.source, fix=f"columns: {self.listed}")

    def values(self, name: str) -> list[Any]:
        """The distinct values of a column in the sample, of lists those in them, in order; no structs."""
        column = plain(self.sample[name].combine_chunks())
        flat = pc.list_flatten(column) if hasattr(column.type, "value_type") else column
        if types.is_nested(flat.type):
            return []
        return sorted(pc.unique(flat.drop_null()).to_pylist())

    def classes(self, name: str) -> list[Any]:
        """The distinct labels of a column, in order, as a run reads them: in CSV 01 stays a name."""
        seen = self
        if set(self.formats) & {"csv", "jsonl"}:
            again = look(self.source, kinds={name: "label"})
            seen = again if name in again.sample.column_names else self
        return _as_classes(seen.values(name))

    @cached_property
    def formats(self) -> tuple[str, ...]:
        """The formats of its files."""
        return tuple(sorted({file.format for file in self.files}))

    @property
    def rows(self) -> int:
        """Rows of the sample."""
        return int(self.sample.num_rows)

    @property
    def listed(self) -> str:
        """Columns and types, for messages."""
        shown = [f"{column.name} ({named(column.type)})" for column in self.columns[:LISTED]]
        more = len(self.columns) - len(shown)
        lost = "".join(f"; {name!r} {why}" for name, why in list(self.left_out.items())[:LISTED])
        return ", ".join(shown) + (f" and {more} more" if more else "") + lost


def _as_classes(values: list[Any]) -> list[Any]:
    """Values as classes: whole numbers that are floats or decimals as such, what isn't finite is none."""
    numbers = (float, Decimal)
    classes = [value for value in values if not isinstance(value, numbers) or isfinite(value)]
    return [int(value) if isinstance(value, numbers) and value == int(value) else value for value in classes]


def look(source: str, options: dict[str, Any] | None = None, kinds: dict[str, Kind] | None = None) -> Profile:
    """Look at a path, a folder, a glob or s3://bucket/prefix.

    kinds: of columns whose role is known; see `formats.ReadAs`.

    Raises InputError if there are no rows or they can't be read, StoreError if the store can't be reached.
    """
    files = listing(source, "auto", options or {}, hashed=False).files
    held = [file for file in files if file.size]
    if held and held[0].format == "images":
        return _look_at_images(source, files, held, options or {})
    dialect = _dialect(source, held, options or {})
    chosen = _chosen(held)
    columns_of: dict[str, tuple[str, ...]] = {}
    pixels, other, doubled, lost = set[str](), set[str](), set[str](), dict[str, str]()
    notes, tables, names, whole = [], [], dict[str, list[str]](), len(chosen) == len(held)
    for file in chosen:
        reader = _reader(source, file, options or {}, dialect, kinds or {})
        try:
            schema = reader.look().schema
            head, all_of_it = _heads(reader, len(chosen))
        except InputError as error:
            if len(chosen) == 1:
                raise
            notes.append(f"{file.name}: {error.what}; a run stops at it: leave it out, or write it again")
            continue
        tables += head
        columns_of[file.name] = tuple(schema.names)
        lost |= left_out_of(schema)
        shaped = {column.name: (column.metadata or {}).get(PIXELS) for column in schema}
        pixels |= {name for name, of_bytes in shaped.items() if of_bytes == b"yes"}
        other |= {name for name, of_bytes in shaped.items() if of_bytes == b"no"}
        doubled |= {name for name, count in Counter(schema.names).items() if count > 1}
        whole &= all_of_it
        names |= {name: known for name in schema.names if (known := class_names(schema, (name,)))}
    if not tables:
        raise InputError(notes[0] if notes else "the dataset is empty: no file has a row", where=source)
    sample = _one_table(source, tables)
    sample = sample.drop_columns([name for name in sample.column_names if name in doubled])
    notes += [f"{name} {NO_BYTES}" for name in sorted(other)]
    notes += [f"{name} is left out: it {why}" for name, why in lost.items()]
    notes += [f"{name} {SEVERAL}" for name in sorted(filter(None, doubled))]
    columns = tuple(examined(name, sample[name]) for name in sample.column_names)
    if dialect.doubt:
        notes.append(f"CSV: {dialect.doubt}")
    return Profile(
        source, files, len(chosen), sample, columns, whole, dialect, tuple(notes), names, columns_of,
        frozenset(doubled), frozenset(pixels), lost,
    )  # fmt: skip


def _look_at_images(
    source: str, files: tuple[SourceFile, ...], held: list[SourceFile], options: dict[str, Any]
) -> Profile:
    """Images: what their names say of many, and what is in a few."""
    some = _spread(held, PATHS)
    peeked = set(_spread(range(len(some)), PEEKED))
    rows = [image_values(file.name) for file in some]
    images = [_image(source, file, options) if place in peeked else None for place, file in enumerate(some)]
    names = dict.fromkeys(name for row in rows for name in row)
    sample = pa.table(
        {IMAGE: pa.array(images, pa.binary())}
        | {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}
    )
    columns = tuple(examined(name, sample[name]) for name in sample.column_names)
    return Profile(source, files, len(peeked), sample, columns, len(some) == len(held))


def _image(source: str, file: SourceFile, options: dict[str, Any]) -> bytes:
    reader = SourceReader(source, file.path, file.format, options, file.name)
    return bytes(reader.table(None, [IMAGE])[IMAGE][0].as_py())


def _dialect(source: str, files: Sequence[SourceFile], options: dict[str, Any]) -> Dialect:
    """How the CSV files are written, by the first of them."""
    first = next((file for file in files if file.format == "csv"), None)
    if first is None:
        return Dialect()
    fs, _ = open_filesystem(source, options)
    with open_object(fs, first.path, first.path, HEAD) as file:
        try:
            return sniff(unpacked(file, first.path).read(HEAD))
        except (OSError, EOFError, zlib.error, lzma.LZMAError, UnreadableError):  # who reads it says so
            return Dialect()


def _reader(
    source: str, file: SourceFile, options: dict[str, Any], dialect: Dialect, kinds: dict[str, Kind]
) -> SourceReader:
    read_as = ReadAs(kinds, delimiter=dialect.delimiter, encoding=dialect.encoding, head=True)
    return SourceReader(source, file.path, file.format, options, file.name, read_as)


def _one_table(source: str, tables: list[pa.Table]) -> pa.Table:
    try:
        return _flat(joined(tables))
    except InputError as error:
        raise InputError(error.what, where=source, fix=error.fix) from error


def _flat(table: pa.Table) -> pa.Table:
    """Fields of structs as columns under their dotted names; images stay whole."""
    for name in table.column_names:
        kind = table.schema.field(name).type
        if types.is_struct(kind) and not fits(kind, "image"):
            inner = _flat(table.select([name]).flatten())
            table = table.drop_columns(name)
            for field_name, column in zip(inner.column_names, inner.columns, strict=True):
                table = table.append_column(field_name, column)
    return table


def _chosen(files: list[SourceFile]) -> list[SourceFile]:
    """Some files from the first to the last, and one of each kind of name."""
    kinds = {group_of(file): file for file in reversed(files)}
    firsts = list(kinds.values())[:FILES]
    return sorted(
        {*_spread(files, max(PLACES, FILES + 1 - len(firsts))), *firsts}, key=lambda file: file.name
    )


def group_of(file: SourceFile) -> tuple[str, ...]:
    """What files of one table have in common, mostly: folder, ending, how the name begins."""
    path = PurePosixPath(file.name)
    return str(path.parent), path.suffix.lower(), path.name.split(".")[0].rstrip("0123456789-_")


def _spread(items: Sequence[_Item], count: int) -> list[_Item]:
    """At most so many items, from the first to the last: neighbours are often alike."""
    if len(items) <= count:
        return list(items)
    return [items[round(step * (len(items) - 1) / (count - 1))] for step in range(count)]


def _heads(reader: SourceReader, readers: int) -> tuple[list[pa.Table], bool]:
    """First rows of some row groups, or of the file: its share of the sample; and whether that is all."""
    places: list[tuple[int, ...] | None] = [None]
    if (groups := reader.look().groups) is not None:
        places = [(group,) for group in _spread(range(len(groups)), PLACES)]
    share = readers * max(1, len(places))
    heads = [_head(reader.batches(place, None, BATCH), ROWS // share, BYTES // share) for place in places]
    whole = all(ended for _, ended in heads) and (groups is None or len(groups) == len(places))
    return [pa.Table.from_batches(batches) for batches, _ in heads if batches], whole


def _head(batches: Iterable[pa.RecordBatch], rows: int, size: int) -> tuple[list[pa.RecordBatch], bool]:
    taken: list[pa.RecordBatch] = []
    for batch in batches:
        if sum(batch.num_rows for batch in taken) >= rows or sum(batch.nbytes for batch in taken) >= size:
            return taken, False
        if batch.num_rows:
            taken.append(batch)
    return taken, True
