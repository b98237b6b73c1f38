"""What people decided about a dataset's rows, heard beside the scores: by partition, where there is any."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from labelworks.schemas.decisions import RowDecision
from labelworks.schemas.findings import DecisionsFindings
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.tables import ACTIONS
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.decisions.settle import settle_decisions
from labelworks.tasks.methods.treatment.decisions import ANSWERED, DECIDED, REASONS, Answered


@dataclass(frozen=True)
class Heard:
    """By partition what is so of the rows that people answered about (`settled.Settled`)."""

    by_partition: Mapping[str, pa.Table] = field(default_factory=dict)

    def named(self, ref: DatasetRef) -> DatasetRef:
        """The reference whose partitions say by a hash what people decided: treated parts are named so."""
        keys = {key: _hash(table) for key, table in self.by_partition.items()}
        marked = (
            partition.model_copy(update={"decided": keys.get(partition.key, "")})
            if partition.window == "source"
            else partition
            for partition in ref.partitions
        )
        return ref.model_copy(update={"partitions": tuple(marked)})

    def of(self, partition: Partition) -> pa.Table | None:
        """What is so of the rows of a partition; None: nobody decided anything there."""
        return self.by_partition.get(partition.key)


def hear_decisions(
    artifacts: Artifacts, ref: DatasetRef, decisions: Sequence[RowDecision]
) -> tuple[Heard, DecisionsFindings]:
    """Find the rows of decisions, leave out what is stale, and settle what they are now."""
    settled = settle_decisions(artifacts, ref, decisions, "treat")
    parts = ref.of("source")
    part, by_partition = settled.rows["part"].to_numpy(), {}
    for place in np.unique(part).tolist():
        mine = settled.rows.filter(pa.array(part == place)).drop_columns(["part"])
        by_partition[parts[place].key] = mine.sort_by("row").combine_chunks()
    return Heard(by_partition), settled.findings


def answered(scores: pa.Table, settled: pa.Table) -> Answered:
    """What is settled of rows of a partition, at their places in its scores (N,)."""
    place = np.searchsorted(scores["row"].to_numpy(), settled["row"].to_numpy())
    return Answered(place, settled["label"].to_numpy(), settled["right"].to_numpy())


def with_settled(treated: pa.Table, settled: pa.Table | None) -> pa.Table:
    """Treated rows of label sets, or numbers, with what people answered last about some of them."""
    if settled is None:
        return treated
    place = np.searchsorted(treated["row"].to_numpy(), settled["row"].to_numpy())
    said = {
        "label": settled["label"].combine_chunks(),
        "action": pa.repeat(ACTIONS[DECIDED], len(place)),
        "reason": pa.repeat(REASONS[ANSWERED], len(place)),
        "weight": settled["right"].combine_chunks(),
    }
    for name, values in said.items():
        treated = replaced(treated, name, place, values)
    return treated


def replaced(table: pa.Table, name: str, places: np.ndarray, values: pa.Array) -> pa.Table:
    """A table with other values at some places of a column."""
    at, column = table.column_names.index(name), table[name].combine_chunks()
    order = np.arange(len(table))
    order[places] = len(table) + np.arange(len(places))
    both = pa.concat_arrays([column, values.cast(column.type)])
    return table.set_column(at, table.schema.field(at), both.take(pa.array(order)))


def _hash(table: pa.Table) -> str:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return hashlib.blake2b(sink.getvalue(), digest_size=5).hexdigest()
