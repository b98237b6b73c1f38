"""Rows that people look at: those that were flagged, the surest first, and what is in rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.features import some_features
from labelworks.tasks.artifacts.label_codes import named
from labelworks.tasks.artifacts.run import Run
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods.encoders.values import image_bytes

LISTED = 2000  # rows at most
SHOWN_TEXT = 400
READ_BYTES = 256 << 20  # of the source at most, read again to show what is in rows
PICTURED = 300  # rows at most whose images are read
LOOKED_THROUGH = 64  # partitions at most in which a row is looked for by its id
DECIDED = ["row", "action", "reason"]


@dataclass(frozen=True)
class Content:
    """What is in a row: a text, an encoded image, or of vectors and recordings where the row is from."""

    text: str | None = None
    image: bytes | None = None
    vector: str | None = None


@dataclass(frozen=True)
class DecidedRow:
    """A row, and what was decided on it; empty where that isn't so far.

    given, suggestion: codes of classes, or where labels are no single class lists of classes, or numbers.
    """

    partition: str
    row: int
    id: str
    given: Any
    suggestion: Any
    error_probability: float
    action: str = ""
    reason: str = ""

    @property
    def place(self) -> tuple[str, int]:
        """Its partition, and its number there."""
        return self.partition, self.row


def flagged(run: Run, ref: DatasetRef, *, treated: bool) -> tuple[list[DecidedRow], int]:
    """Rows whose labels were flagged, likeliest wrong first, LISTED at most; and how many there are."""
    found = map_partitions(
        "report", flagged_in, ref.of("source"), unit="partitions listed", run=run, ref=ref, treated=treated
    )
    if not found:
        return [], 0
    rows = pa.concat_tables([table for table, _ in found])
    rows = rows.take(_likeliest(rows["error_probability"]))
    return [DecidedRow(**row) for row in rows.to_pylist()], sum(count for _, count in found)


def flagged_in(partition: Partition, run: Run, ref: DatasetRef, treated: bool) -> tuple[pa.Table, int]:
    """The flagged rows of one partition, LISTED at most, and how many there are."""
    table = _scored(partition, run, ref, treated)
    table = table.filter(table["flag"])
    if run.config.dataset.task != "classification":
        table = _written(table, ref)
    kept = table.take(_likeliest(table["error_probability"])).drop_columns(["flag"])
    return kept.append_column("partition", pa.repeat(partition.key, kept.num_rows)), table.num_rows


def contents(run: Run, ref: DatasetRef, rows: Sequence[tuple[str, int]]) -> list[Content]:
    """What is in rows, each named by its partition and its number there, those that matter most first.

    Images are read of the first PICTURED, and partitions while they aren't too large; of the other rows it
    is said where they are from.
    """
    partitions = {each.key: each for each in ref.partitions}
    kind, read = run.config.dataset.features.kind, 0
    looked = {"text": len(rows), "image": PICTURED}.get(kind, 0)
    found: dict[tuple[str, int], Content] = {}
    for readable, some in ((True, rows[:looked]), (False, rows[looked:])):
        for key in dict.fromkeys(partition for partition, _ in some):
            here = [row for partition, row in some if partition == key]
            fits = readable and read < READ_BYTES
            made = _read(run, partitions[key], here) if fits else _places(run, ref, partitions[key], here)
            read += partitions[key].size * fits
            found |= {(key, row): content for row, content in zip(here, made, strict=True)}
    return [found[row] for row in rows]


def decisions(run: Run, partition: Partition, rows: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Action and reason of some rows of a partition; empty for what isn't treated yet."""
    if not run.store.exists(run.part("treat", partition)):
        return {}
    table = run.store.read_table(run.part("treat", partition), DECIDED)
    some = table.filter(pc.is_in(table["row"], value_set=pa.array(rows, table.schema.field("row").type)))
    return {row["row"]: (row["action"], row["reason"]) for row in some.to_pylist()}


def by_ids(run: Run, ref: DatasetRef, window: str, ids: Sequence[str]) -> dict[str, Content]:
    """What is in the rows of a window that have these ids; those that aren't found soon are left out."""
    found: dict[str, tuple[str, int]] = {}
    for partition in ref.of(window)[:LOOKED_THROUGH]:
        if len(found) == len(set(ids)):
            break
        index = run.store.read_table(run.index(ref.label_type, partition), ["row", "id"])
        here = index.filter(pc.is_in(index["id"], value_set=pa.array(ids, pa.string()))).to_pylist()
        found |= {row["id"]: (partition.key, row["row"]) for row in here}
    return dict(zip(found, contents(run, ref, list(found.values())), strict=True))


def _likeliest(error: pa.ChunkedArray) -> pa.Array:
    return pa.array(np.argsort(-error.to_numpy(), kind="stable")[:LISTED])


def _scored(partition: Partition, run: Run, ref: DatasetRef, treated: bool) -> pa.Table:
    names = ["row", "id", "given", "suggestion", "error_probability", "flag"]
    scores = run.store.read_table(run.scores(ref, partition), names)
    decided = run.store.read_table(run.part("treat", partition), DECIDED) if treated else None
    for name in DECIDED[1:]:
        column = pa.repeat("", len(scores)) if decided is None else decided[name]
        scores = scores.append_column(name, column)
    return scores


def _written(table: pa.Table, ref: DatasetRef) -> pa.Table:
    """Rows of labels that are no single class, told by names and not by codes."""
    for name in ("given", "suggestion"):
        values = named(table[name], ref.classes, ref.label_type)
        table = table.set_column(table.column_names.index(name), name, values)
    return table


def _read(run: Run, partition: Partition, rows: Sequence[int]) -> list[Content]:
    values = some_features(run, partition, np.array(rows, np.int32))
    if run.config.dataset.features.kind == "image":
        return [Content(image=data) for data in image_bytes(values)]
    return [Content(text=str(text)[:SHOWN_TEXT]) for text in values.to_pylist()]


def _places(run: Run, ref: DatasetRef, partition: Partition, rows: Sequence[int]) -> list[Content]:
    index = run.store.read_table(run.index(ref.label_type, partition), ["row", "file", "file_row"])
    found = index.take(pa.array(np.searchsorted(index["row"].to_numpy(), rows)))
    pairs = zip(found["file"].to_pylist(), found["file_row"].to_pylist(), strict=True)
    return [Content(vector=f"{file}, row {row}") for file, row in pairs]
