"""The rows that people's decisions are about, read a partition at a time, and what they are after them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.decisions import RowDecision
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.decisions.settled import Settled, settle_classes, settle_others
from labelworks.tasks.execution.map_partitions import map_partitions

READ = ["row", "id", "given"]
JUDGED = ["posterior", "suggestion", "error_probability", "suggested_probability", "outside"]


def settle_decisions(
    artifacts: Artifacts, ref: DatasetRef, decisions: Sequence[RowDecision], stage: str
) -> Settled:
    """Find the rows of decisions, leave out what is stale, and settle what they are now."""
    parts, ids = ref.of("source"), pa.array(sorted({decision.id for decision in decisions}), pa.string())
    tables = map_partitions(
        stage, rows_decided, parts, unit="partitions looked through", artifacts=artifacts, ref=ref, ids=ids
    )
    rows = pa.concat_tables(
        [table.append_column("part", pa.repeat(place, len(table))) for place, table in enumerate(tables)]
    )
    settle = settle_classes if ref.one_class else settle_others
    return settle(rows, decisions, ref)


def rows_decided(partition: Partition, artifacts: Artifacts, ref: DatasetRef, ids: pa.Array) -> pa.Table:
    """Rows of a partition that decisions are about, with the hash of what they hold and their judgement."""
    name = artifacts.scores(ref, partition)
    here = artifacts.store.read_table(name, ["id"])["id"]
    places = np.flatnonzero(pc.is_in(here, value_set=ids).to_numpy(zero_copy_only=False))
    columns = [*READ, *(JUDGED if ref.one_class else [])]
    if not len(places):
        schema = artifacts.store.read_schema(name)
        wanted = pa.schema([schema.field(column) for column in columns])
        return wanted.append(pa.field("content", pa.uint64())).empty_table()
    scores = artifacts.store.read_table(name, columns).take(pa.array(places))
    content = artifacts.store.read_table(artifacts.embedding(ref.encoder_key, partition), ["content"])
    return scores.append_column("content", content["content"].take(scores["row"]))
