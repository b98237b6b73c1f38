"""A version as one file to train on: the columns of the source, with the labels and weights as published."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.types as types

from labelworks.schemas.errors import ConfigError, StoreError
from labelworks.tasks.exports.base import Version
from labelworks.tasks.exports.rows import beside_source
from labelworks.tasks.exports.writers import as_cells, check_ending, writing
from labelworks.tasks.sources.values.joined import as_type, common
from labelworks.tasks.sources.values.text import replaced
from labelworks.tasks.storage.filesystem import is_local, open_filesystem, store_errors
from labelworks.tasks.storage.retries import again

SPANS = "text_spans"  # the labels of texts with spans, as their source has them
ADDED = ("original_label", "action", "reason", "suggestion", "weight", "quality")
LOOKING_THREADS = 16
GROUP_ROWS, GROUP_BYTES = 50_000, 64 << 20  # of a row group, about


@dataclass(frozen=True)
class Joined:
    """What was written: rows, and columns of the source that gave up their names, by their new ones."""

    rows: int
    renamed: dict[str, str]


def write_joined(version: Version, out: str) -> Joined:
    """Write a version to a local file or one in an object store, in the format that its name ends in.

    Raises ConfigError for an ending that says no format, or a file that would be one of the source;
    InputError where the source isn't what the run has seen.
    """
    check_ending(out)
    _check_apart(version, out)
    layout = _layout(version)
    rows = 0
    with _file(version, out) as path, writing(path, out, layout.schema) as write:
        for table in _gathered(_tables(version, layout)):
            write(table)
            rows += len(table)
    return Joined(rows, {name: new for name, new in layout.names.items() if name != new})


def _tables(version: Version, layout: _Layout) -> Iterator[pa.Table]:
    for part in version.parts:
        for theirs, mine in beside_source(version, part, layout.published, None):
            yield layout.table(theirs, mine)


def _gathered(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Small tables put together: what is written at once is a row group of parquet."""
    held: list[pa.Table] = []
    for table in tables:
        held.append(table)
        if sum(map(len, held)) >= GROUP_ROWS or sum(table.nbytes for table in held) >= GROUP_BYTES:
            yield pa.concat_tables(held)
            held = []
    if held:
        yield pa.concat_tables(held)


@dataclass(frozen=True)
class _Layout:
    """Which columns there will be. names: of the source's columns, what they are called in the file.

    label: the name of the label; where it is one of the source's, it takes its place. published: columns
    of the parts, the label first: of texts with spans these.
    """

    schema: pa.Schema
    names: dict[str, str]
    label: str
    published: list[str]

    def table(self, theirs: pa.RecordBatch, mine: pa.Table) -> pa.Table:
        """Rows of the source and what was published of them, as one table."""
        theirs_by_name = {
            self.names[name]: theirs.column(name) for name in self.names if name in theirs.schema.names
        }
        theirs_by_name |= {name: mine[name] for name in self.published[1:]} | {
            self.label: mine[self.published[0]]
        }
        columns = []
        for field in self.schema:
            values = theirs_by_name.get(field.name, pa.nulls(len(mine), field.type))
            chunks = values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([values])
            columns.append(_clean(_in_type(chunks, field.type)))
        return pa.table(columns, schema=self.schema)


def _clean(values: pa.ChunkedArray) -> pa.ChunkedArray:
    return pa.chunked_array([replaced(chunk) for chunk in values.chunks], values.type)


def _layout(version: Version) -> _Layout:
    fields = _source_fields(version)
    part = version.store.read_schema(version.parts[0])
    own = SPANS if SPANS in part.names else "label"
    published = [own, *(name for name in ADDED if name in part.names)]
    given = version.source.columns.label
    theirs = given if given in fields else None
    label = theirs or "label"
    taken = {label, *published[1:]}
    names = {name: _free(name, taken, fields) for name in fields if name != theirs}
    new_label = part.field(own).with_name(label)
    made = [new_label if name == theirs else pa.field(names[name], kind) for name, kind in fields.items()]
    made += [*([] if theirs else [new_label]), *(part.field(name) for name in published[1:])]
    kept = {key: value for key, value in (part.metadata or {}).items() if key.startswith(b"labelworks.")}
    return _Layout(pa.schema(made, kept), names, label, published)


def _free(name: str, taken: set[str], fields: dict[str, pa.DataType]) -> str:
    """The name, or one that neither a column that is added nor another of the source has."""
    new = name
    while new in taken or (new != name and new in fields):
        new = f"source_{new}"
    return new


def _source_fields(version: Version) -> dict[str, pa.DataType]:
    """The columns of all files of the source, each in the type that their values fit into."""
    by_files = {
        tuple(piece.path for piece in partition.pieces): partition
        for partition in version.partitions.values()
    }
    with ThreadPoolExecutor(LOOKING_THREADS) as pool:
        of_files = pool.map(lambda each: version.source.verbatim(each).schemas(), by_files.values())
        schemas = list(dict.fromkeys(schema for each in of_files for schema in each))
    names = dict.fromkeys(name for schema in schemas for name in schema.names)
    return {
        name: _written_as([schema.field(name).type for schema in schemas if name in schema.names])
        for name in names
    }


def _written_as(kinds: Iterable[pa.DataType]) -> pa.DataType:
    """The type that values of all files fit into; text where there is none, or none that parquet has."""
    try:
        kind = common(kinds)
    except pa.ArrowTypeError:
        return pa.string()
    return pa.string() if types.is_interval(kind) or types.is_union(kind) else kind


def _in_type(values: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    return as_type(as_cells(values) if types.is_string(kind) else values, kind)


@contextmanager
def _file(version: Version, out: str) -> Iterator[Path]:
    """A path to write to, whose file is at its place when it is whole."""
    fs, path = open_filesystem(out, _options(version, out))
    local = is_local(fs)
    if local and not Path(path).parent.is_dir():
        raise StoreError("its folder isn't there", where=out, fix="make the folder, or name another place")
    with store_errors(out):
        descriptor, name = tempfile.mkstemp(prefix=".labelworks-", dir=Path(path).parent if local else None)
        os.close(descriptor)
        made = Path(name)
        try:
            yield made
            if local:
                made.chmod(0o666 & ~_umask())
                made.replace(path)
            else:
                again(out, fs.put_file, str(made), path)
        finally:
            made.unlink(missing_ok=True)


def _umask() -> int:
    """What `open` would leave out of a file's rights; a temporary file is its owner's alone."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _options(version: Version, out: str) -> dict[str, Any]:
    """Storage options of the store, or of the source, if the file is to be in an object store like that."""
    protocol = out.partition("://")[0] if "://" in out else ""
    for place, options in (
        (version.store.root, version.store.options),
        (version.source.places["source"], version.source.options),
    ):
        if protocol and place.startswith(f"{protocol}://"):
            return options
    return {}


def _check_apart(version: Version, out: str) -> None:
    """Raise ConfigError for a file that is one of the source, or would be one at the next run."""
    path = open_filesystem(out, _options(version, out))[1]
    source = open_filesystem(version.source.places["source"], version.source.options)[1]
    files = {piece.path for partition in version.partitions.values() for piece in partition.pieces}
    if path in files or path.startswith(f"{source.rstrip('/')}/"):
        raise ConfigError(
            "the file would be one of the source", where=out, fix="name a place outside of dataset.source"
        )
