"""Treat, of numbers: two that look exchanged get each other's; any other suspicion goes to review."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.methods.treatment.claims import JudgedLabels
from labelworks.tasks.methods.treatment.numbers import TreatedNumbers, number_claims, treat_numbers
from labelworks.tasks.treat.people.decided import with_settled
from labelworks.tasks.treat.treated import Basis, ByClass, treated_table

READ = ["row", "id", "given", "score", "flag", "error_probability", "suggestion", "suggested_probability"]


def treat_measured(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, basis: Basis, settled: pa.Table | None
) -> pa.Table:
    """Decide on the rows of a partition by their scores and the cut of the dataset."""
    scores = artifacts.store.read_table(artifacts.scores(ref, partition), READ)
    done = _treated(scores, basis)
    return with_settled(treated_table(scores, pa.array(done.labels), done, basis), settled)


def trust_in_numbers(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, basis: Basis
) -> NDArray[np.float32]:
    """P(the numbers after treatment are right) (n,) of the rows of a partition."""
    return _treated(artifacts.store.read_table(artifacts.scores(ref, partition), READ), basis).weight


def _treated(scores: pa.Table, basis: Basis) -> TreatedNumbers:
    given, suggestion = scores["given"].to_numpy(), scores["suggestion"].to_numpy()
    return treat_numbers(given, suggestion, _claims(scores), basis.cut, basis.policy)


def judged_numbers(partition: Partition, artifacts: Artifacts, ref: DatasetRef, basis: Basis) -> JudgedLabels:
    """What is claimed of the numbers of a partition."""
    return _claims(artifacts.store.read_table(artifacts.scores(ref, partition), READ))


def _claims(scores: pa.Table) -> JudgedLabels:
    names = ("given", "suggestion", "suggested_probability", "error_probability")
    flag = scores["flag"].to_numpy(zero_copy_only=False)
    given, suggestion, suggested, error = (scores[name].to_numpy() for name in names)
    return number_claims(given, suggestion, suggested, error, flag)


def by_class(table: pa.Table, ref: DatasetRef) -> ByClass:
    """Nothing: numbers are of no class."""
    nothing = np.zeros(0, np.int64)
    return ByClass(nothing, nothing, np.zeros(0))
