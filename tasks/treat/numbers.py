"""Treat, of numbers: two that look exchanged get each other's; any other suspicion goes to review."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.methods.treatment.numbers import treat_numbers
from labelworks.tasks.treat.treated import Basis, ByClass, treated_table

READ = ["row", "id", "given", "score", "flag", "error_probability", "suggestion", "suggested_probability"]


def treat_measured(partition: Partition, artifacts: Artifacts, ref: DatasetRef, basis: Basis) -> pa.Table:
    """Decide on the rows of a partition by their scores; of the basis the policy alone is needed."""
    scores = artifacts.store.read_table(artifacts.scores(ref, partition), READ)
    given, suggestion, suggested, error = (
        scores[name].to_numpy()
        for name in ("given", "suggestion", "suggested_probability", "error_probability")
    )
    flag = scores["flag"].to_numpy(zero_copy_only=False)
    done = treat_numbers(given, suggestion, suggested, error, flag, basis.policy)
    return treated_table(scores, pa.array(done.labels), done)


def by_class(table: pa.Table, ref: DatasetRef) -> ByClass:
    """Nothing: numbers are of no class."""
    nothing = np.zeros(0, np.int64)
    return ByClass(nothing, nothing, np.zeros(0))
