"""Published rows beside the rows of the source that they are of: streamed, in the source's order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.errors import InputError
from labelworks.tasks.exports.base import Version
from labelworks.tasks.sources.given_labels import read_names
from labelworks.tasks.sources.partition_reader import PartitionReader

BATCH = 2048  # rows of the source read at a time: they may be images
PLACE = ["source_file", "source_row"]


def beside_source(
    version: Version, part: str, published: list[str], columns: list[str] | None
) -> Iterator[tuple[pa.RecordBatch, pa.Table]]:
    """Yield batches of the source's rows that a part has, and columns of what was published of each.

    columns: of the source; None: all. Raises InputError where the source isn't what the run has seen.
    """
    source, partition = version.source, version.partitions[part]
    key = source.columns.id
    asked = None if columns is None else list(dict.fromkeys([*columns, *([key] if key else [])]))
    held = version.store.read_table(part, list(dict.fromkeys(["id", *PLACE, *published])))
    keys, count = _keys(held["source_file"], held["source_row"]).combine_chunks(), 0
    reader = source.verbatim(partition) if columns is None else source.reader(partition)
    for batch, file, row in reader.placed(asked, BATCH):
        at = pc.index_in(_keys(file, row), value_set=keys)
        mine, theirs = held.take(at.drop_null()), batch.filter(at.is_valid())
        if not len(mine):
            continue
        if key in theirs.schema.names:
            _same(theirs.column(key), mine, reader)
        count += len(mine)
        yield (theirs if columns is None else theirs.select(_there(theirs, columns))), mine.select(published)
    if count != held.num_rows:
        raise _changed(f"{held.num_rows - count:,} of its rows are gone", reader.where)


def _there(batch: pa.RecordBatch, columns: list[str]) -> list[str]:
    return [name for name in columns if name in batch.schema.names]


def _keys(file: Any, row: Any) -> Any:
    """Where rows are from as one column of strings."""
    return pc.binary_join_element_wise(file.cast(pa.string()), row.cast(pa.string()), "#")


def _same(ids: pa.Array, published: pa.Table, reader: PartitionReader) -> None:
    """Whether the rows still are where they were: by their ids."""
    named, _ = read_names(ids, "id")
    same = pc.fill_null(pc.equal(named, published["id"].combine_chunks()), False)
    if not pc.all(same).as_py():
        place = pc.index(same, False).as_py()
        was = published.slice(place, 1).to_pylist()[0]
        reason = f"row {was['source_row']} has the id {ids[place].as_py()!r}, it had {was['id']!r}"
        raise _changed(reason, reader.address(was["source_file"]))


def _changed(what: str, where: str) -> InputError:
    return InputError(
        f"the source is not what the run has seen: {what}", where=where, fix="run its config again"
    )
