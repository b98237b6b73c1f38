"""Treat, of several labels a row: add what surely lacks, take away what is surely too much."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.cells import codes_of, from_lists
from labelworks.tasks.methods.treatment.label_sets import treat_label_sets
from labelworks.tasks.treat.treated import Basis, ByClass, treated_table

READ = ["row", "id", "given", "score", "missing", "missing_probability", "extra", "extra_probability"]


def treat_sets(partition: Partition, artifacts: Artifacts, ref: DatasetRef, basis: Basis) -> pa.Table:
    """Decide on the rows of a partition by their scores."""
    scores, classes = artifacts.store.read_table(artifacts.scores(ref, partition), READ), len(ref.classes)
    missing, extra = (
        from_lists(scores[name], classes, scores[f"{name}_probability"]) for name in ("missing", "extra")
    )
    given = from_lists(scores["given"], classes)
    done = treat_label_sets(given, missing, extra, basis.policy, basis.rows_by_class, basis.rows)
    return treated_table(scores, codes_of(done.labels), done)


def by_class(table: pa.Table, ref: DatasetRef) -> ByClass:
    """Rows that have each class before and after, and what they weigh after."""
    given, label = (from_lists(table[name], len(ref.classes)).astype(np.int64) for name in ("given", "label"))
    weight = table["weight"].to_numpy().astype(np.float64)
    return ByClass(
        np.asarray(given.sum(axis=0)).ravel(),
        np.asarray(label.sum(axis=0)).ravel(),
        np.asarray(label.T @ weight, np.float64).ravel(),
    )
