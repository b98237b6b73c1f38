"""Treat, of several labels a row: add what surely lacks, take away what is surely too much."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_array

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.cells import codes_of, from_lists
from labelworks.tasks.methods.statistics.folds import hash_ids
from labelworks.tasks.methods.treatment.claims import JudgedLabels
from labelworks.tasks.methods.treatment.label_sets import TreatedLabelSets, cell_claims, treat_label_sets
from labelworks.tasks.treat.people.decided import with_settled
from labelworks.tasks.treat.treated import Basis, ByClass, treated_table

CELLS = ("missing", "extra")
READ = ["row", "id", "given", "score", *CELLS]
READ += [f"{kind}_{what}" for kind in CELLS for what in ("probability", "claim")]


def treat_sets(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, basis: Basis, settled: pa.Table | None
) -> pa.Table:
    """Decide on the rows of a partition by their scores."""
    scores = artifacts.store.read_table(artifacts.scores(ref, partition), READ)
    done = _treated(scores, ref, basis)
    return with_settled(treated_table(scores, codes_of(done.labels), done, basis), settled)


def trust_in_sets(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, basis: Basis
) -> NDArray[np.float32]:
    """P(the labels after treatment are right) (n,) of the rows of a partition."""
    return _treated(artifacts.store.read_table(artifacts.scores(ref, partition), READ), ref, basis).weight


def _treated(scores: pa.Table, ref: DatasetRef, basis: Basis) -> TreatedLabelSets:
    missing, extra = _cells(scores, ref, "probability")
    given = from_lists(scores["given"], len(ref.classes))
    claims = _claims(scores, ref, basis, missing, extra)
    return treat_label_sets(given, missing, extra, claims, basis.cut, basis.policy)


def judged_cells(partition: Partition, artifacts: Artifacts, ref: DatasetRef, basis: Basis) -> JudgedLabels:
    """What is claimed of each label of a partition that looks missing or extra."""
    scores = artifacts.store.read_table(artifacts.scores(ref, partition), READ)
    return _claims(scores, ref, basis, *_cells(scores, ref, "probability"))


def _cells(scores: pa.Table, ref: DatasetRef, what: str) -> list[csr_array]:
    """Missing and extra labels (N, K), and there how probable the error is, or what is claimed of it."""
    return [from_lists(scores[kind], len(ref.classes), scores[f"{kind}_{what}"]) for kind in CELLS]


def _claims(
    scores: pa.Table, ref: DatasetRef, basis: Basis, missing: csr_array, extra: csr_array
) -> JudgedLabels:
    claim = csr_array(sum(_cells(scores, ref, "claim"), csr_array(missing.shape, dtype=np.float32)))
    hashed = hash_ids(scores["id"].combine_chunks())
    return cell_claims(missing, extra, claim, basis.policy, basis.rows_by_class, basis.rows, hashed)


def by_class(table: pa.Table, ref: DatasetRef) -> ByClass:
    """Rows that have each class before and after, and what they weigh after."""
    given, label = (from_lists(table[name], len(ref.classes)).astype(np.int64) for name in ("given", "label"))
    weight = table["weight"].to_numpy().astype(np.float64)
    return ByClass(
        np.asarray(given.sum(axis=0)).ravel(),
        np.asarray(label.sum(axis=0)).ravel(),
        np.asarray(label.T @ weight, np.float64).ravel(),
    )
