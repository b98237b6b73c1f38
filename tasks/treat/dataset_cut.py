"""The cut of a whole dataset: claims summed up by partition, the surest ones kept where it has a limit."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.findings import NoiseFindings
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.scores import read_judged
from labelworks.tasks.execution.map_partitions import reduce_partitions
from labelworks.tasks.methods.folds import hash_ids
from labelworks.tasks.methods.treatment.claims import Claims, JudgedLabels
from labelworks.tasks.methods.treatment.cut import NEVER, Cut, even
from labelworks.tasks.methods.treatment.treat_rows import place_cut, surest, with_few
from labelworks.tasks.methods.treatment.trust import Trust
from labelworks.tasks.treat.treated import Basis

BELOW_FLOAT32 = 2.0**-90  # of a hash of 64 bits: at most 2^-26


def dataset_cut(artifacts: Artifacts, ref: DatasetRef, basis: Basis, noise: NoiseFindings) -> Cut:
    """From which claim on labels change, by the policy and the claims of all rows."""
    if not basis.policy.relabels:
        return even(NEVER, len(ref.classes))
    parts = ref.of("source")
    claims = reduce_partitions(
        "treat", count_claims, Claims.merged, parts, unit="partitions counted",
        artifacts=artifacts, ref=ref, basis=basis,
    )  # fmt: skip
    cut = place_cut(claims, basis.policy, Trust(noise.undominated, noise.steady))
    if cut.surest is None:
        return cut
    found = reduce_partitions(
        "treat", surest_of, cut.surest_of, parts, unit="partitions ranked",
        artifacts=artifacts, ref=ref, basis=basis, cut=cut,
    )  # fmt: skip
    return cut.placed(found)


def count_claims(partition: Partition, artifacts: Artifacts, ref: DatasetRef, basis: Basis) -> Claims:
    """What is claimed of the rows of a partition."""
    return Claims.of(judged_labels(read_judged(artifacts, ref, partition), basis), len(ref.classes))


def surest_of(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, basis: Basis, cut: Cut
) -> NDArray[np.float64]:
    """The sureness of the surest rows of a partition."""
    return surest(judged_labels(read_judged(artifacts, ref, partition), basis), cut)


def judged_labels(scores: pa.Table, basis: Basis) -> JudgedLabels:
    """The judgements of a partition, in its columns of scores."""
    names = ("given", "flag", "suggestion", "error_probability")
    given, flag, suggestion, error = (scores[name].to_numpy() for name in names)
    suggested, claim = (  # null where an older version scored
        pc.fill_null(scores[name], 0.0).to_numpy() for name in ("suggested_probability", "claim")
    )
    said = (scores["confident"], scores["confident_probability"])
    confident, probable = (None if each.null_count else each.to_numpy() for each in said)
    rows = JudgedLabels(
        given, flag, suggestion, error, suggested, claim, confident, probable,
        outside=scores["outside"].to_numpy(), tie_break=tie_break(scores["id"]),
    )  # fmt: skip
    return with_few(rows, basis.policy, basis.rows_by_class)


def tie_break(ids: pa.ChunkedArray) -> NDArray[np.float64]:
    """Numbers (N,) by hash of the id, smaller than any difference of two float32 posteriors of over 0.5."""
    return np.asarray(hash_ids(ids.combine_chunks()) * BELOW_FLOAT32, dtype=np.float64)
