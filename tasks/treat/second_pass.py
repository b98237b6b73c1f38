"""A second pass over the rows: judged again by probes of the labels that the first one would give them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from operator import add

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.findings import NoiseFindings
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.scores import read_judged
from labelworks.tasks.artifacts.soft_labels import soft_columns
from labelworks.tasks.artifacts.vectors.embeddings import load_block
from labelworks.tasks.artifacts.vectors.first_pass import read_first_pass
from labelworks.tasks.artifacts.vectors.sufficient_statistics import sample_of
from labelworks.tasks.execution.map_partitions import map_partitions, reduce_partitions
from labelworks.tasks.methods.judge_options import JudgeOptions
from labelworks.tasks.methods.noise.core.result import NoiseResult
from labelworks.tasks.methods.noise_judge import NoiseJudge, Sample
from labelworks.tasks.methods.statistics.folds import fold_of
from labelworks.tasks.methods.statistics.random_features import RandomFeatures
from labelworks.tasks.methods.statistics.sums import FoldSums
from labelworks.tasks.methods.treatment.claims import JudgedLabels
from labelworks.tasks.methods.treatment.decisions import decide
from labelworks.tasks.methods.treatment.second_pass import ALIKE, SecondPass, change, relabelled
from labelworks.tasks.methods.treatment.treat_rows import with_few
from labelworks.tasks.treat.dataset_cut import dataset_cut, judged_labels, judged_rows
from labelworks.tasks.treat.treated import Basis


def judge_again(
    artifacts: Artifacts,
    ref: DatasetRef,
    basis: Basis,
    noise: NoiseFindings,
    options: JudgeOptions,
    class_vectors: NDArray[np.floating] | None,
) -> tuple[DatasetRef, Basis]:
    """Judge all rows again after what the basis would change, while labels move, as often as its policy says.

    Returns the reference that the new scores go by, and the basis with their cut. Of the sums only what
    changes is made: rows that were relabelled go from one class to another.
    """
    first_pass, parts = read_first_pass(artifacts), ref.of("source")
    sums, sample, mapped = first_pass.sums, first_pass.sample, first_pass.sums.mapped
    first = NoiseJudge.fit(sums, sample, options, class_vectors=class_vectors)
    judged, before = first.judge(sample), sample.given
    for _ in range(1, basis.policy.passes):
        labels = _labels(sample, judged, basis)
        if np.mean(labels != before) <= ALIKE:
            break
        moved = reduce_partitions(
            "treat", moved_sums, _added, parts, unit="partitions relabelled", artifacts=artifacts, ref=ref,
            basis=basis, n_folds=sums.n_folds, random=mapped.random if mapped else None,
        )  # fmt: skip
        if moved is None:
            break
        model = SecondPass.fit(
            sums + moved, relabelled(sample, labels), options, judged, first.threshold,
            class_vectors=class_vectors,
        )  # fmt: skip
        again = ref.model_copy(update={"model_key": _key(ref, moved)})
        map_partitions(
            "treat", score_again, parts, unit="partitions scored again", artifacts=artifacts, ref=ref,
            again=again, model=model, n_folds=sums.n_folds,
        )  # fmt: skip
        ref, judged, before = again, model.judge(sample), labels
        basis = replace(basis, cut=dataset_cut(artifacts, ref, basis, noise, judged_rows))
    return ref, basis


def moved_sums(
    partition: Partition,
    artifacts: Artifacts,
    ref: DatasetRef,
    basis: Basis,
    n_folds: int,
    random: RandomFeatures | None,
) -> FoldSums | None:
    """What a partition's treated labels change in the sums; None: nothing."""
    rows = judged_labels(read_judged(artifacts, ref, partition), basis)
    labels = decide(rows, basis.cut, relabel=basis.policy.relabels).label
    if np.array_equal(labels, rows.given):
        return None
    block = load_block(artifacts, ref, partition, ())
    sample = sample_of(block, fold_of(block.hashes, n_folds))
    return change(sample, labels, n_folds, len(ref.classes), random)


def score_again(
    partition: Partition,
    artifacts: Artifacts,
    ref: DatasetRef,
    again: DatasetRef,
    model: SecondPass,
    n_folds: int,
) -> None:
    """Write a partition's scores by the second pass; rows whose copies disagree keep those of the first."""
    name = artifacts.scores(again, partition)
    if artifacts.store.exists(name):
        return
    scores = artifacts.store.read_table(artifacts.scores(ref, partition))
    block = load_block(artifacts, ref, partition, ())
    judged = model.judge(sample_of(block, fold_of(block.hashes, n_folds)))
    for column, values in _columns(judged, block.given).items():
        place = scores.column_names.index(column)
        kept = pc.if_else(scores["copies_disagree"], scores[column], values)
        scores = scores.set_column(place, scores.schema.field(place), kept)
    artifacts.store.write_table(name, scores, use_dictionary=False)


def _columns(judged: NoiseResult, given: NDArray[np.int32]) -> dict[str, pa.Array]:
    columns = {
        "score": pa.array(judged.score),
        "error_probability": pa.array(judged.error_probability),
        "flag": pa.array(judged.flag),
        "suggestion": pa.array(judged.suggestion),
        "suggested_probability": pa.array(judged.suggested),
        "claim": pa.array(judged.suggested),
    }
    return columns | soft_columns(judged.posterior, given)


def _labels(sample: Sample, judged: NoiseResult, basis: Basis) -> NDArray[np.int32]:
    """The labels (N,) that the basis gives the rows of the sample."""
    rows = with_few(JudgedLabels.of(sample.given, judged), basis.policy, basis.rows_by_class)
    return decide(rows, basis.cut, relabel=basis.policy.relabels).label


def _key(ref: DatasetRef, moved: FoldSums) -> str:
    """Name of the second model: by the first one and by what labels changed."""
    digest = hashlib.blake2b(ref.model_key.encode(), digest_size=8)
    for array in moved.arrays.values():
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _added(parts: Sequence[FoldSums | None]) -> FoldSums | None:
    some = [part for part in parts if part is not None]
    return reduce(add, some) if some else None
