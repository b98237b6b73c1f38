"""A budget of changes: of the labels that a run proposes to change, only the surest are changed."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.scores import read_judged
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods.folds import hash_ids

BELOW_FLOAT32 = 2.0**-90  # of a hash of 64 bits: at most 2^-26


def budget_threshold(artifacts: Artifacts, ref: DatasetRef, budget: int, relabel_over: float) -> float:
    """The `relabel_over` that changes at most `budget` of the labels that are proposed with the given one."""
    found = map_partitions("treat", sureness, ref.of("source"), artifacts=artifacts, ref=ref)
    sure = np.sort(np.concatenate(found))[::-1]
    if budget >= len(sure):
        return relabel_over
    return float(np.nextafter(sure[budget], np.inf))  # above the surest one that is left out


def sureness(partition: Partition, artifacts: Artifacts, ref: DatasetRef) -> NDArray[np.float64]:
    """P(the suggestion is right) of the rows (N,) of a partition that the run would relabel; no two tie."""
    actions = artifacts.store.read_table(artifacts.part("treat", partition), ["action"])["action"]
    scores = read_judged(artifacts, ref, partition)
    scores = scores.filter(pc.equal(actions, "relabel"))
    sure = pc.coalesce(scores["suggested_probability"], scores["error_probability"]).to_numpy()
    return np.asarray(sure + tie_break(scores["id"]), dtype=np.float64)


def tie_break(ids: pa.ChunkedArray) -> NDArray[np.float64]:
    """Numbers (N,) by hash of the id, smaller than any difference of two float32 posteriors of over 0.5."""
    return np.asarray(hash_ids(ids.combine_chunks()) * BELOW_FLOAT32, dtype=np.float64)
