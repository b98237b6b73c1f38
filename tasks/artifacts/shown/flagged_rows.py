"""Rows that people look at: those that were flagged, the surest first."""

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
from labelworks.tasks.artifacts.label_codes import named
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods.treatment.decisions import FEW, REASONS, RELABEL, REVIEW
from labelworks.tasks.methods.treatment.review_order import removed_by_look, review_order

LISTED = 2000  # rows at most
DECIDED = ["row", "action", "reason"]
CLAIMED = ("suggested_probability", "claim")
REMOVED = "removed"


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
    parts = map_partitions(
        "report",
        flagged_in,
        ref.of("source"),
        unit="partitions listed",
        artifacts=artifacts,
        ref=ref,
        treated=treated,
    )
    if not parts:
        return [], 0
    rows = pa.concat_tables([table for table, _ in parts])
    rows = rows.take(_first(rows)).drop_columns([REMOVED])
    return [DecidedRow(**row) for row in rows.to_pylist()], sum(count for _, count in parts)


def flagged_in(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, treated: bool
) -> tuple[pa.Table, int]:
    """The flagged rows of one partition, LISTED at most, and how many there are."""
    table = scored_rows(partition, artifacts, ref, treated)
    table = table.filter(table["flag"])
    if not ref.one_class:
        table = _written(table, ref)
    kept = table.take(_first(table)).drop_columns(["flag"])
    return kept.append_column("partition", pa.repeat(partition.key, kept.num_rows)), table.num_rows


def decisions(
    artifacts: Artifacts, ref: DatasetRef, partition: Partition, rows: Sequence[int]
) -> dict[int, tuple[str, str]]:
    """Action and reason of some rows of a partition; empty for what isn't treated yet."""
    if not artifacts.store.exists(artifacts.treated(ref, partition)):
        return {}
    table = artifacts.store.read_table(artifacts.treated(ref, partition), DECIDED)
    some = table.filter(pc.is_in(table["row"], value_set=pa.array(rows, table.schema.field("row").type)))
    return {row["row"]: (row["action"], row["reason"]) for row in some.to_pylist()}


def scored_rows(partition: Partition, artifacts: Artifacts, ref: DatasetRef, treated: bool) -> pa.Table:
    """All rows of a partition with their judgement, what was decided on each, if anything, and REMOVED."""
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


def is_rare(rows: pa.Table) -> np.ndarray:
    """Which of these rows (n,) are of classes of which too little is known to judge by."""
    rare: np.ndarray = pc.starts_with(rows["reason"], REASONS[FEW]).to_numpy(zero_copy_only=False)
    return rare


def _first(rows: pa.Table) -> pa.Array:
    """The places of the rows that are listed, in their order."""
    waits = pc.equal(rows["action"], ACTIONS[REVIEW]).to_numpy(zero_copy_only=False)
    return pa.array(review_order(rows[REMOVED].to_numpy(), waits, is_rare(rows))[:LISTED])


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
