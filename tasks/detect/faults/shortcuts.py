"""Properties of the rows that tell the label: of a bounded number of rows, read from a few partitions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.findings import ShortcutFindings
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.features import some_features
from labelworks.tasks.detect.sample.some_rows import some_partitions, some_rows
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods.shortcuts import properties
from labelworks.tasks.methods.shortcuts.find import find_shortcuts
from labelworks.tasks.methods.statistics.folds import hash_ids
from labelworks.tasks.sources.source import Source

ROWS: Mapping[str, int] = {"text": 20_000, "image": 2_000, "audio": 2_000}  # looked at
OF_KIND = {"text": properties.of_texts, "image": properties.of_images, "audio": properties.of_bytes}


class SeenProperties(NamedTuple):
    """Rows of one partition: by property the value of each (N,), codes of classes, ids."""

    values: dict[str, NDArray[np.float64]]
    given: NDArray[np.int32]
    ids: list[str]


def shortcuts(artifacts: Artifacts, source: Source, ref: DatasetRef) -> ShortcutFindings | None:
    """What of the rows can be seen without understanding them, and tells the label; None for other kinds.

    Rows are of partitions in the order of their keys, which are hashes, until they are enough: so the cost
    is the same whatever the size of the dataset.
    """
    most = min((ROWS[part.kind] for part in source.columns.by_kind if part.kind in ROWS), default=0)
    if not most:
        return None
    chosen = some_partitions(ref.of("source"), most)
    seen = map_partitions(
        "detect", look, chosen, unit="partitions whose properties are read",
        artifacts=artifacts, source=source, ref=ref, most=math.ceil(most / len(chosen)),
    )  # fmt: skip
    ids = [name for part in seen for name in part.ids]
    values = {name: np.concatenate([part.values[name] for part in seen]) for name in seen[0].values}
    half = (hash_ids(pa.array(ids, pa.string())) >> np.uint64(17)) & np.uint64(1)
    given = np.concatenate([part.given for part in seen])
    return find_shortcuts(values, given, half.astype(np.int64), ids, ref.classes)


def look(
    partition: Partition, artifacts: Artifacts, source: Source, ref: DatasetRef, most: int
) -> SeenProperties:
    """Read properties of at most so many rows of a partition: those with the lowest hashes of their ids."""
    scores = artifacts.store.read_table(artifacts.scores(ref, partition), ["row", "id", "given"])
    scores = scores.take(pa.array(some_rows(scores["id"].combine_chunks(), most)))
    values: dict[str, NDArray[np.float64]] = {}
    for kind in (part.kind for part in source.columns.by_kind if part.kind in OF_KIND):
        values |= OF_KIND[kind](some_features(source.only(kind), partition, scores["row"].to_numpy()))
    return SeenProperties(values, scores["given"].to_numpy(), scores["id"].to_pylist())
