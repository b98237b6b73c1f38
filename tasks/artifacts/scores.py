"""The scores of a run: which of their columns decide, and how many rows and classes are kept."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts

BINS = 20
WORST = 24
JUDGED = (
    "row", "id", "given", "flag", "suggestion", "error_probability", "suggested_probability", "score",
    "outside", "copies_disagree",
)  # fmt: skip
SOFT_CLASSES = 256  # of more classes posteriors aren't kept: they would be larger than the embeddings

NEW = ("copies_disagree",)  # of no run that an older version left waiting for an approval

TARGET_ROWS = "detect/target"


def read_judged(artifacts: Artifacts, ref: DatasetRef, partition: Partition) -> pa.Table:
    """The columns of a partition's scores that decide; no copies disagree where an older version scored."""
    scores = artifacts.store.read_table(artifacts.scores(ref, partition), list(JUDGED), may_lack=NEW)
    for name in NEW:
        if name not in scores.column_names:
            scores = scores.append_column(name, pa.array(np.zeros(scores.num_rows, bool)))
    return scores
