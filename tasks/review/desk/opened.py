"""A desk set up from the store: a run's queue, and what people answered about its rows before."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.decisions import of_table
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.review import ReviewQueue, ReviewRow
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.decisions.log import decisions_files, read_decisions
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.review.desk.desk import ReviewDesk
from labelworks.tasks.review.shown import rows_shown
from labelworks.tasks.sources.source import Source


def open_desk(artifacts: Artifacts, source: Source, ref: DatasetRef, queue: ReviewQueue) -> ReviewDesk:
    """A desk for a queue of a run that goes on from what was answered about it."""
    before = of_table(read_decisions(artifacts.store, decisions_files(artifacts.store, artifacts.dataset)))
    known = {row.id for row in queue.rows}
    others = sorted({decision.id for decision in before if decision.run == queue.run} - known)
    looked = _rows(artifacts, source, ref, others) if others else []
    return ReviewDesk(queue, before, looked)


def rows_with_ids(
    partition: Partition, artifacts: Artifacts, source: Source, ref: DatasetRef, ids: pa.Array
) -> list[ReviewRow]:
    """The rows of a partition that have some ids, as a person is shown them."""
    scores = artifacts.store.read_table(artifacts.scores(ref, partition), ["row", "id"])
    rows = scores.filter(pc.is_in(scores["id"], value_set=ids))["row"].to_numpy()
    return rows_shown(artifacts, source, ref, partition, np.sort(rows), {}) if len(rows) else []


def _rows(artifacts: Artifacts, source: Source, ref: DatasetRef, ids: Collection[str]) -> list[ReviewRow]:
    parts = map_partitions(
        "review", rows_with_ids, ref.of("source"), unit="partitions looked through",
        artifacts=artifacts, source=source, ref=ref, ids=pa.array(sorted(ids), pa.string()),
    )  # fmt: skip
    return [row for some in parts for row in some]
