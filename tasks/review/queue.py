"""The review queue of a run: where a look is worth most, and nobody has decided."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.review import LabelKind, ReviewQueue, ReviewRow
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.decisions.log import decisions_files, decisions_in_force
from labelworks.tasks.artifacts.shown.flagged_rows import DecidedRow, flagged
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.review.shown import rows_shown
from labelworks.tasks.sources.source import Source

LABELS: dict[str, LabelKind] = {"list": "classes", "number": "number"}


def review_queue(
    artifacts: Artifacts, source: Source, ref: DatasetRef, rows: int, *, treated: bool
) -> ReviewQueue:
    """At most so many flagged rows, those that wait for a person first.

    What people decided about is left out. treated: whether the run has treated its labels.
    """
    decisions = decisions_in_force(artifacts.store, decisions_files(artifacts.store, artifacts.dataset))
    decided = {decision.id for decision in decisions}
    listed = [row for row in flagged(artifacts, ref, treated=treated)[0] if row.id not in decided][:rows]
    return queue_of(artifacts, source, ref, _shown(artifacts, source, ref, listed))


def queue_of(artifacts: Artifacts, source: Source, ref: DatasetRef, rows: Sequence[ReviewRow]) -> ReviewQueue:
    """A queue of rows in their order."""
    return ReviewQueue(
        dataset=artifacts.name,
        run=artifacts.id,
        label=LABELS.get(ref.label_type, "class"),
        classes=tuple(map(str, ref.classes)),
        kind=source.columns.kind,
        rows=tuple(rows),
    )


def shown_in(
    item: tuple[Partition, list[int]], artifacts: Artifacts, source: Source, ref: DatasetRef
) -> list[ReviewRow]:
    """Some rows of a partition, by their numbers there, rising."""
    partition, places = item
    return rows_shown(artifacts, source, ref, partition, np.array(places), {})


def _shown(
    artifacts: Artifacts, source: Source, ref: DatasetRef, listed: Sequence[DecidedRow]
) -> list[ReviewRow]:
    places = defaultdict[str, list[int]](list)
    for row in listed:
        places[row.partition].append(row.row)
    parts = {partition.key: partition for partition in ref.of("source")}
    shown = map_partitions(
        "review",
        shown_in,
        [(parts[key], sorted(rows)) for key, rows in places.items()],
        unit="partitions shown",
        artifacts=artifacts,
        source=source,
        ref=ref,
    )
    by_place = {(row.partition, row.row): row for some in shown for row in some}
    return [by_place[row.place] for row in listed]
