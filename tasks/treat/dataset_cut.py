"""The cut of a whole dataset: claims summed up by partition, the surest ones kept where it has a limit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.findings import NoiseFindings
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.scores import read_judged
from labelworks.tasks.execution.map_partitions import reduce_partitions
from labelworks.tasks.methods.statistics.folds import hash_ids
from labelworks.tasks.methods.treatment.audited_changes import AuditedChanges
from labelworks.tasks.methods.treatment.claims import BELOW_FLOAT32, Claims, JudgedLabels
from labelworks.tasks.methods.treatment.cut import NEVER, Cut, even
from labelworks.tasks.methods.treatment.treat_rows import place_cut, surest, with_few
from labelworks.tasks.methods.treatment.trust import Trust
from labelworks.tasks.treat.treated import Basis

Claimed = Callable[[Partition, Artifacts, DatasetRef, Basis], JudgedLabels]


def dataset_cut(
    artifacts: Artifacts, ref: DatasetRef, basis: Basis, noise: NoiseFindings, claimed: Claimed
) -> Cut:
    """From which claim on labels change, by the policy and the claims of all rows, or of all cells."""
    if not basis.policy.relabels:
        return even(NEVER, _classes(ref))
    parts = ref.of("source")
    claims = reduce_partitions(
        "treat", count_claims, Claims.merged, parts, unit="partitions counted",
        artifacts=artifacts, ref=ref, basis=basis, claimed=claimed,
    )  # fmt: skip
    audited = None
    if basis.audited is not None:
        audited = reduce_partitions(
            "treat", audited_changes, AuditedChanges.merged, parts, unit="partitions audited",
            artifacts=artifacts, ref=ref, basis=basis, claimed=claimed,
        )  # fmt: skip
    cut = place_cut(claims, basis.policy, Trust(noise.undominated, noise.unproven, noise.doubt), audited)
    if cut.surest is None:
        return cut
    sums = reduce_partitions(
        "treat", surest_of, cut.surest_of, parts, unit="partitions ranked",
        artifacts=artifacts, ref=ref, basis=basis, claimed=claimed, cut=cut,
    )  # fmt: skip
    return cut.placed(sums)


def count_claims(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, basis: Basis, claimed: Claimed
) -> Claims:
    """What is claimed of the labels of a partition."""
    return Claims.of(claimed(partition, artifacts, ref, basis), _classes(ref))


def audited_changes(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, basis: Basis, claimed: Claimed
) -> AuditedChanges:
    """Of a partition's labels that might change, those that people looked at."""
    return AuditedChanges.of(claimed(partition, artifacts, ref, basis))


def surest_of(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, basis: Basis, claimed: Claimed, cut: Cut
) -> NDArray[np.float64]:
    """The sureness of the surest labels of a partition."""
    return surest(claimed(partition, artifacts, ref, basis), cut)


def judged_rows(partition: Partition, artifacts: Artifacts, ref: DatasetRef, basis: Basis) -> JudgedLabels:
    """What is claimed of rows of one class each."""
    return judged_labels(read_judged(artifacts, ref, partition), basis)


def _classes(ref: DatasetRef) -> int:
    """How many classes cuts are of: all numbers are as of one."""
    return max(len(ref.classes), 1)


def judged_labels(scores: pa.Table, basis: Basis) -> JudgedLabels:
    """The judgements of a partition, in its columns of scores."""
    names = ("given", "flag", "suggestion", "error_probability")
    given, flag, suggestion, error = (scores[name].to_numpy() for name in names)
    suggested, claim = (  # null where an older version scored
        pc.fill_null(scores[name], 0.0).to_numpy() for name in ("suggested_probability", "claim")
    )
    said = (scores["confident"], scores["confident_probability"])
    confident, probable = (None if text.null_count else text.to_numpy() for text in said)
    people = basis.audited
    rows = JudgedLabels(
        given, flag, suggestion, error, suggested, claim, confident, probable,
        outside=scores["outside"].to_numpy(), tie_break=tie_break(scores["id"]),
        looked=None if people is None else people.looked(scores["id"]),
        audited=np.True_ if people is None else people.covered(scores["id"], suggestion),
    )  # fmt: skip
    return with_few(rows, basis.policy, basis.rows_by_class)


def tie_break(ids: pa.ChunkedArray) -> NDArray[np.float64]:
    """Numbers (N,) by hash of the id, smaller than any difference of two float32 posteriors of over 0.5."""
    return np.asarray(hash_ids(ids.combine_chunks()) * BELOW_FLOAT32, dtype=np.float64)
