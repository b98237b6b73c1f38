"""Rows that people look at: those that were flagged, the surest first, and what is in rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.tables import ACTIONS
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.features import some_features
from labelworks.tasks.artifacts.label_codes import named
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods.encoders.values import image_bytes
from labelworks.tasks.methods.treatment.decisions import FEW, REASONS, RELABEL, REVIEW
from labelworks.tasks.methods.treatment.review_order import removed_by_look, review_order
from labelworks.tasks.sources.source import Source

LISTED = 2000  # rows at most
SHOWN_TEXT = 400
READ_BYTES = 256 << 20  # of the source at most, read again to show what is in rows
PICTURED = 300  # rows at most whose images are read
LOOKED_THROUGH = 64  # partitions at most in which a row is looked for by its id
DECIDED = ["row", "action", "reason"]
CLAIMED = ("suggested_probability", "claim")
REMOVED = "removed"


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


def flagged(artifacts: Artifacts, ref: DatasetRef, *, treated: bool) -> tuple[list[DecidedRow], int]:
    """Rows whose labels were flagged, LISTED at most, and how many there are.

    Likeliest wrong first; once treated, those that wait for a person first, in the order of the review.
    """
    found = map_partitions(
        "report",
        flagged_in,
        ref.of("source"),
        unit="partitions listed",
        artifacts=artifacts,
        ref=ref,
        treated=treated,
    )
    if not found:
        return [], 0
    rows = pa.concat_tables([table for table, _ in found])
    rows = rows.take(_first(rows)).drop_columns([REMOVED])
    return [DecidedRow(**row) for row in rows.to_pylist()], sum(count for _, count in found)


def flagged_in(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, treated: bool
) -> tuple[pa.Table, int]:
    """The flagged rows of one partition, LISTED at most, and how many there are."""
    table = _scored(partition, artifacts, ref, treated)
    table = table.filter(table["flag"])
    if not ref.one_class:
        table = _written(table, ref)
    kept = table.take(_first(table)).drop_columns(["flag"])
    return kept.append_column("partition", pa.repeat(partition.key, kept.num_rows)), table.num_rows


def contents(
    artifacts: Artifacts, source: Source, ref: DatasetRef, rows: Sequence[tuple[str, int]]
) -> list[Content]:
    """What is in rows, each named by its partition and its number there, those that matter most first.

    Images are read of the first PICTURED, and partitions while they aren't too large; of the other rows it
    is said where they are from.
    """
    partitions = {each.key: each for each in ref.partitions}
    kind, read = source.columns.kind, 0
    looked = {"text": len(rows), "image": PICTURED}.get(kind, 0)
    found: dict[tuple[str, int], Content] = {}
    for readable, some in ((True, rows[:looked]), (False, rows[looked:])):
        for key in dict.fromkeys(partition for partition, _ in some):
            here = [row for partition, row in some if partition == key]
            fits = readable and read < READ_BYTES
            made = (
                _read(source, partitions[key], here)
                if fits
                else _places(artifacts, ref, partitions[key], here)
            )
            read += partitions[key].size * fits
            found |= {(key, row): content for row, content in zip(here, made, strict=True)}
    return [found[row] for row in rows]


def decisions(
    artifacts: Artifacts, ref: DatasetRef, partition: Partition, rows: Sequence[int]
) -> dict[int, tuple[str, str]]:
    """Action and reason of some rows of a partition; empty for what isn't treated yet."""
    if not artifacts.store.exists(artifacts.treated(ref, partition)):
        return {}
    table = artifacts.store.read_table(artifacts.treated(ref, partition), DECIDED)
    some = table.filter(pc.is_in(table["row"], value_set=pa.array(rows, table.schema.field("row").type)))
    return {row["row"]: (row["action"], row["reason"]) for row in some.to_pylist()}


def by_ids(
    artifacts: Artifacts, source: Source, ref: DatasetRef, window: str, ids: Sequence[str]
) -> dict[str, Content]:
    """What is in the rows of a window that have these ids; those that aren't found soon are left out."""
    found: dict[str, tuple[str, int]] = {}
    for partition in ref.of(window)[:LOOKED_THROUGH]:
        if len(found) == len(set(ids)):
            break
        index = artifacts.store.read_table(artifacts.index(ref.label_type, partition), ["row", "id"])
        here = index.filter(pc.is_in(index["id"], value_set=pa.array(ids, pa.string()))).to_pylist()
        found |= {row["id"]: (partition.key, row["row"]) for row in here}
    return dict(zip(found, contents(artifacts, source, ref, list(found.values())), strict=True))


def _first(rows: pa.Table) -> pa.Array:
    """The places of the rows that are listed, in their order."""
    waits = pc.equal(rows["action"], ACTIONS[REVIEW]).to_numpy()
    rare = pc.starts_with(rows["reason"], REASONS[FEW]).to_numpy()
    return pa.array(review_order(rows[REMOVED].to_numpy(), waits, rare)[:LISTED])


def _scored(partition: Partition, artifacts: Artifacts, ref: DatasetRef, treated: bool) -> pa.Table:
    names = [
        "row",
        "id",
        "given",
        "suggestion",
        "error_probability",
        "flag",
        *(CLAIMED if ref.one_class else ()),
    ]
    scores = artifacts.store.read_table(artifacts.scores(ref, partition), names, may_lack=CLAIMED)
    decided = artifacts.store.read_table(artifacts.treated(ref, partition), DECIDED) if treated else None
    for name in DECIDED[1:]:
        column = pa.repeat("", len(scores)) if decided is None else decided[name]
        scores = scores.append_column(name, column)
    return _with_removed(scores, judged=ref.one_class and treated)


def _with_removed(scores: pa.Table, *, judged: bool) -> pa.Table:
    """The rows with how much error a look removes: of labels that are no single class, P(wrong)."""
    removed = scores["error_probability"].to_numpy()
    if judged and not scores["suggested_probability"].null_count:
        changed = pc.equal(scores["action"], ACTIONS[RELABEL]).to_numpy()
        suggested = scores["suggested_probability"].to_numpy()
        claim = scores["claim"].to_numpy() if "claim" in scores.column_names else suggested
        removed = removed_by_look(removed, suggested, claim, changed)
    known = [name for name in CLAIMED if name in scores.column_names]
    return scores.drop_columns(known).append_column(REMOVED, pa.array(removed))


def _written(table: pa.Table, ref: DatasetRef) -> pa.Table:
    """Rows of labels that are no single class, told by names and not by codes."""
    for name in ("given", "suggestion"):
        values = named(table[name], ref.classes, ref.label_type)
        table = table.set_column(table.column_names.index(name), name, values)
    return table


def _read(source: Source, partition: Partition, rows: Sequence[int]) -> list[Content]:
    values = some_features(source, partition, np.array(rows, np.int32))
    if source.columns.kind == "image":
        return [Content(image=data) for data in image_bytes(values)]
    return [Content(text=str(text)[:SHOWN_TEXT]) for text in values.to_pylist()]


def _places(
    artifacts: Artifacts, ref: DatasetRef, partition: Partition, rows: Sequence[int]
) -> list[Content]:
    name = artifacts.index(ref.label_type, partition)
    index = artifacts.store.read_table(name, ["row", "file", "file_row"])
    found = index.take(pa.array(np.searchsorted(index["row"].to_numpy(), rows)))
    pairs = zip(found["file"].to_pylist(), found["file_row"].to_pylist(), strict=True)
    return [Content(vector=f"{file}, row {row}") for file, row in pairs]
