"""Treat, of several labels a row: add what surely lacks, take away what is surely too much."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_array

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.cells import codes_of, from_lists
from labelworks.tasks.methods.statistics.folds import hash_ids
from labelworks.tasks.methods.treatment.claims import JudgedLabels
from labelworks.tasks.methods.treatment.label_sets import cell_claims, treat_label_sets
from labelworks.tasks.treat.decided import with_settled
from labelworks.tasks.treat.treated import Basis, ByClass, treated_table

READ = ["row", "id", "given", "score", "missing", "missing_probability", "extra", "extra_probability"]


def treat_sets(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, basis: Basis, settled: pa.Table | None
) -> pa.Table:
    """Decide on the rows of a partition by their scores."""
    scores = artifacts.store.read_table(artifacts.scores(ref, partition), READ)
    missing, extra = _doubts(scores, ref)
    given, claims = from_lists(scores["given"], len(ref.classes)), _claims(scores, missing, extra, basis)
    done = treat_label_sets(given, missing, extra, claims, basis.cut, basis.policy)
    return with_settled(treated_table(scores, codes_of(done.labels), done), settled)


def judged_cells(partition: Partition, artifacts: Artifacts, ref: DatasetRef, basis: Basis) -> JudgedLabels:
    """What is claimed of each label of a partition that looks missing or extra."""
    scores = artifacts.store.read_table(artifacts.scores(ref, partition), READ)
    return _claims(scores, *_doubts(scores, ref), basis)


def _doubts(scores: pa.Table, ref: DatasetRef) -> tuple[csr_array, csr_array]:
    """Missing and extra labels (N, K) and how probable the error is there."""
    missing, extra = (
        from_lists(scores[name], len(ref.classes), scores[f"{name}_probability"])
        for name in ("missing", "extra")
    )
    return missing, extra


def _claims(scores: pa.Table, missing: csr_array, extra: csr_array, basis: Basis) -> JudgedLabels:
    hashed = hash_ids(scores["id"].combine_chunks())
    return cell_claims(missing, extra, basis.policy, basis.rows_by_class, basis.rows, hashed)


def by_class(table: pa.Table, ref: DatasetRef) -> ByClass:
    """Rows that have each class before and after, and what they weigh after."""
    given, label = (from_lists(table[name], len(ref.classes)).astype(np.int64) for name in ("given", "label"))
    weight = table["weight"].to_numpy().astype(np.float64)
    return ByClass(
        np.asarray(given.sum(axis=0)).ravel(),
        np.asarray(label.sum(axis=0)).ravel(),
        np.asarray(label.T @ weight, np.float64).ravel(),
    )
