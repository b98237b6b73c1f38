"""Rows of a queue with what a person is shown of them, those that are alike behind each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.review import ReviewRow
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.vectors.embeddings import read_some
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods.review.alike import alike
from labelworks.tasks.review.asked import Place
from labelworks.tasks.review.shown import rows_shown
from labelworks.tasks.sources.source import Source


def grouped(
    artifacts: Artifacts, source: Source, ref: DatasetRef, listed: Mapping[Place, Mapping[str, Any]]
) -> list[ReviewRow]:
    """Rows by their places, in this order but for those that are like an earlier one, which follow it.

    listed: what else is so of each, as fields of a `ReviewRow`.
    """
    by_partition = defaultdict[str, list[int]](list)
    for key, number in listed:
        by_partition[key].append(number)
    parts = {partition.key: partition for partition in ref.of("source")}
    shown = map_partitions(
        "review", shown_in, [(parts[key], sorted(rows)) for key, rows in by_partition.items()],
        unit="partitions shown", artifacts=artifacts, source=source, ref=ref,
    )  # fmt: skip
    by_place = {(row.partition, row.row): (row, vector) for some in shown for row, vector in some}
    rows = [by_place[place][0].model_copy(update=dict(facts)) for place, facts in listed.items()]
    if not rows:
        return []
    leads = alike(np.stack([by_place[place][1] for place in listed]), _doubt(rows))
    followed = [
        row if lead == number else row.model_copy(update={"like": rows[lead].id})
        for number, (row, lead) in enumerate(zip(rows, leads.tolist(), strict=True))
    ]
    return [followed[number] for number in np.argsort(leads, kind="stable")]


def shown_in(
    item: tuple[Partition, list[int]], artifacts: Artifacts, source: Source, ref: DatasetRef
) -> list[tuple[ReviewRow, NDArray[np.float32]]]:
    """Some rows of a partition, by their numbers there, rising, each with its vector."""
    partition, numbers = item
    places = np.array(numbers)
    vectors, _ = read_some(artifacts.store, artifacts.embedding(ref.encoder_key, partition), places)
    rows = rows_shown(artifacts, source, ref, partition, places, {})
    return list(zip(rows, vectors.astype(np.float32), strict=True))


def _doubt(rows: list[ReviewRow]) -> NDArray[np.int64]:
    """A code of the labels given and suggested of each row (n,); -1 where none is, or it was shown before."""
    codes: dict[tuple[str, str], int] = {}
    return np.array(
        [
            -1
            if row.suggestion is None or row.sample is not None
            else codes.setdefault((row.given, row.suggestion), len(codes))
            for row in rows
        ],
        np.int64,
    )
