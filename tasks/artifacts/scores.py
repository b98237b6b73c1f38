"""The scores of a run: which of their columns decide, and how many rows and classes are kept."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.methods.inference.prediction_sets import SetThresholds

BINS = 20
WORST = 24
JUDGED = (
    "row", "id", "given", "flag", "suggestion", "error_probability", "suggested_probability", "score",
    "outside", "copies_disagree", "claim", "confident", "confident_probability",
)  # fmt: skip
NEW = ("copies_disagree", "claim", "confident", "confident_probability")  # an older version left none

TARGET_ROWS = "detect/target"
TARGET_SETS = "target-sets.json"


def write_target_sets(artifacts: Artifacts, sets: SetThresholds) -> None:
    """Keep the thresholds of prediction sets of the target's rows."""
    kept = {"least": sets.least.tolist(), "coverage": sets.coverage}
    artifacts.store.write(artifacts.file("detect", TARGET_SETS), json.dumps(kept).encode())


def read_target_sets(artifacts: Artifacts) -> SetThresholds | None:
    """Those thresholds; None where no sets of the target were asked for, or it can't be told."""
    name = artifacts.file("detect", TARGET_SETS)
    if not artifacts.store.exists(name):
        return None
    kept = json.loads(artifacts.store.read(name))
    return SetThresholds(np.array(kept["least"], np.float64), kept["coverage"])


def read_judged(artifacts: Artifacts, ref: DatasetRef, partition: Partition) -> pa.Table:
    """The columns of a partition's scores that decide; nothing is said that an older version didn't."""
    scores = artifacts.store.read_table(artifacts.scores(ref, partition), list(JUDGED), may_lack=NEW)
    without = {
        "copies_disagree": pa.array(np.zeros(scores.num_rows, bool)),
        "claim": scores["suggested_probability"],
        "confident": pa.nulls(scores.num_rows, pa.int32()),
        "confident_probability": pa.nulls(scores.num_rows, pa.float32()),
    }
    for name in NEW:
        if name not in scores.column_names:
            scores = scores.append_column(name, without[name])
    return scores
