"""The scores of a run as later stages read them: with what copies said."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.records import Partition
from labelworks.tasks.artifacts.run import Run

BINS = 20
WORST = 24
JUDGED = (
    "row", "id", "given", "flag", "suggestion", "error_probability", "suggested_probability", "score",
    "outside",
)  # fmt: skip
SOFT_CLASSES = 256  # of more classes posteriors aren't kept: they would be larger than the embeddings


COPIES = "detect/copies"


def with_copies(run: Run, partition: Partition, scores: pa.Table) -> tuple[pa.Table, NDArray[np.bool_]]:
    """Scores, or some of their columns, after copies were heard; and which rows (N,) those changed."""
    changed, name = np.zeros(len(scores), bool), run.part(COPIES, partition)
    if not run.store.exists(name):
        return scores, changed
    heard = run.store.read_table(name)
    where = np.searchsorted(scores["row"].to_numpy(), heard["row"].to_numpy())
    changed[where] = True
    take = np.arange(len(scores))
    take[where] = len(scores) + np.arange(len(heard))
    return pa.concat_tables([scores, heard.select(scores.column_names)]).take(pa.array(take)), changed


TARGET_ROWS = "detect/target"
