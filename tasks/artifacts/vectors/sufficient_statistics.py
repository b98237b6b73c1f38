"""The first pass over the embeddings, made: of all partitions, or only of what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.stage_results import IngestResult
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.imprecise.inferred_labels import infer_labels
from labelworks.tasks.artifacts.vectors.embeddings import Block
from labelworks.tasks.artifacts.vectors.first_pass import (
    ABOUT,
    FirstPass,
    Summed,
    merged,
    read_contents,
    read_first_pass,
    write_first_pass,
)
from labelworks.tasks.artifacts.vectors.mapped_sums import with_mapped_sums
from labelworks.tasks.artifacts.vectors.signatures import laid_through, planes_of, sketches
from labelworks.tasks.artifacts.vectors.token_blocks import load_learnt
from labelworks.tasks.execution import progress
from labelworks.tasks.execution.map_partitions import reduce_partitions
from labelworks.tasks.methods.duplicates.signatures import Planes
from labelworks.tasks.methods.noise_judge import Sample
from labelworks.tasks.methods.probes.ridge_by_fold import TargetSums
from labelworks.tasks.methods.statistics.folds import fold_of, in_sample, share_of
from labelworks.tasks.methods.statistics.random_features import RandomFeatures
from labelworks.tasks.methods.statistics.sums import FoldSums
from labelworks.tasks.storage.versions import read_version, versions

CELLS = 200_000_000  # of several labels a row, in the sample: a byte each
HASHED = 1_000_000  # whose hashes are held in memory to find copies; of more rows, a share is


@dataclass(frozen=True)
class PassOptions:
    """How many folds, how many rows the sample has, what of EXTRAS is read beside the labels.

    scaled: whether the dimensions of the vectors have units of their own. probes: those that judge the
    labels, of which some want the sums of random features.
    """

    folds: int
    sample: int
    beside: tuple[str, ...]
    scaled: bool
    probes: tuple[str, ...]


def first_pass(artifacts: Artifacts, ref: DatasetRef, rows: int, options: PassOptions) -> FirstPass:
    """Sum up the source and draw the sample, or read both from an earlier try.

    Of a dataset that was published before, only what changed since is read: the sums of the partitions
    that went are subtracted, those of new ones added. Labels that are inferred are so first, and anew.
    """
    if artifacts.store.exists(artifacts.file("embed", ABOUT)):
        return read_first_pass(artifacts)
    if ref.inferred:
        infer_labels(artifacts, ref, rows, options.sample, options.folds, options.probes)
    about = _about(artifacts, ref, rows, options)
    earlier = _earlier(artifacts, about)
    updated = _updated(artifacts, ref, about, options, *earlier) if earlier else None
    everything = list(enumerate(ref.of("source")))
    summed = updated or _pass(artifacts, ref, about, options, everything)
    first = with_mapped_sums(
        artifacts, ref, summed.first, options.probes, own_units=options.scaled, whole=about["share"] >= 1
    )
    write_first_pass(artifacts, replace(summed, first=first), about)
    return first


def sample_share(wanted: int, ref: DatasetRef, rows: int) -> float:
    """The share of so many rows that the sample is; less, where the labels of a row take much memory."""
    if ref.label_type == "list":
        wanted = min(wanted, max(CELLS // len(ref.classes), 1))
    return share_of(wanted, rows)


def sum_partition(
    placed: tuple[int, Partition],
    artifacts: Artifacts,
    ref: DatasetRef,
    options: PassOptions,
    share: float,
    kept: float,
    planes: Planes,
    random: RandomFeatures | None = None,
) -> Summed:
    """First pass over one partition; random: the random features that are summed up beside.

    Contents are kept by their own hash, so that all copies of one are or none is.
    """
    place, partition = placed
    block, learnt = load_learnt(artifacts, ref, partition, options.beside)
    n_folds = options.folds
    folds = fold_of(learnt.hashes, n_folds)
    targets = None
    if learnt.targets is None:
        words = learnt.beside.get("words")
        sums = FoldSums.of(learnt.features, learnt.given, folds, n_folds, len(ref.classes), words, random)
    else:
        probes = "pred_probs" not in learnt.beside  # else nothing is learned from features
        targets = TargetSums.of(learnt.features, learnt.targets, folds, n_folds, crossed=probes)
        sums = targets.rows
    sample = sampled(learnt, folds, share)
    rows = in_sample(block.contents, kept)
    contents = {"content": block.contents[rows], "given": block.given[rows], "row": block.rows[rows]}
    looked_at = planes.looked_at(block.features if rows.all() else block.features[rows])
    contents |= {"signature": looked_at[0], "sketch": sketches(looked_at[1])}
    owners = np.full(len(sample.given), place, dtype=np.int32)
    part = np.full(np.count_nonzero(rows), place, dtype=np.int32)
    return Summed(FirstPass(sums, sample, owners, targets), pa.table(contents | {"part": part}))


def sampled(block: Block, folds: NDArray[np.int64], share: float) -> Sample:
    """The rows of a block that belong to the sample; beside them, if they have any, their `targets`."""
    rows = in_sample(block.hashes, share)
    sample = sample_of(block, folds).only(rows)
    if block.targets is None:
        return sample
    targets = block.targets[np.flatnonzero(rows)]
    dense = targets.toarray() if sparse.issparse(targets) else targets
    return replace(sample, beside={**sample.beside, "targets": dense})


def sample_of(block: Block, folds: NDArray[np.int64]) -> Sample:
    """All rows of a block, as a sample."""
    return Sample(block.features, block.given, folds, block.beside)


def _pass(
    artifacts: Artifacts,
    ref: DatasetRef,
    about: dict[str, Any],
    options: PassOptions,
    placed: Sequence[tuple[int, Partition]],
    random: RandomFeatures | None = None,
) -> Summed:
    return reduce_partitions(
        "embed", sum_partition, merged, placed, unit="partitions summed",
        artifacts=artifacts, ref=ref, options=options, share=about["share"], kept=about["kept"],
        planes=planes_of(artifacts, ref, scaled=options.scaled), random=random,
    )  # fmt: skip


def _about(artifacts: Artifacts, ref: DatasetRef, rows: int, options: PassOptions) -> dict[str, Any]:
    """What sums depend on: only such as agree in all of it but the partitions can be updated."""
    return {
        "encoder_key": ref.encoder_key,
        "label_type": ref.label_type,
        "read_as": artifacts.index_keys["source"][ref.label_type],
        "classes": list(ref.classes),
        "folds": options.folds,
        "share": sample_share(options.sample, ref, rows),
        "kept": share_of(HASHED, rows),
        "planes": laid_through(ref).key,
        "partitions": [partition.identity for partition in ref.of("source")],
        **({"inferred": artifacts.id} if ref.inferred else {}),
    }


def _earlier(artifacts: Artifacts, about: dict[str, Any]) -> tuple[Artifacts, DatasetRef] | None:
    """The run of the newest version, if its sums can be brought up to date by less than a pass over all."""
    newest = max(versions(artifacts.store, artifacts.dataset), default=None)
    if newest is None:
        return None
    earlier = artifacts.named(read_version(artifacts.store, artifacts.dataset, newest)["run_id"])
    result, name = earlier.result(IngestResult), earlier.file("embed", ABOUT)
    if result is None or not artifacts.store.exists(name):
        return None
    before = artifacts.store.read_json(name)
    changed = len(set(before["partitions"]) ^ set(about["partitions"]))
    alike = {**before, "partitions": None} == {**about, "partitions": None}
    if not alike or changed >= len(about["partitions"]):
        return None
    return earlier, result.ref.model_copy(update={"encoder_key": about["encoder_key"]})


def _updated(
    artifacts: Artifacts,
    ref: DatasetRef,
    about: dict[str, Any],
    options: PassOptions,
    earlier: Artifacts,
    before: DatasetRef,
) -> Summed | None:
    """The sums of an earlier run, brought up to date; None if what went can't be read any more."""
    now = {identity: place for place, identity in enumerate(about["partitions"])}
    old = [partition.identity for partition in before.of("source")]
    gone = [
        (place, partition)
        for place, partition in enumerate(before.of("source"))
        if partition.identity not in now
    ]
    new = [
        (place, partition)
        for place, partition in enumerate(ref.of("source"))
        if partition.identity not in set(old)
    ]
    if not all(
        artifacts.store.exists(artifacts.embedding(before.encoder_key, partition)) for _, partition in gone
    ):
        return None
    progress.current().note(f"first pass: {len(new)} partitions added, {len(gone)} taken away")
    base = Summed(read_first_pass(earlier), read_contents(earlier))
    mapped = base.first.sums.mapped if about["share"] < 1 else None  # else the sample is all there is to map
    random = mapped.random if mapped else None
    summed = base.placed(np.array([now.get(identity, -1) for identity in old], dtype=np.int32))
    if new:
        summed = merged([summed, _pass(artifacts, ref, about, options, new, random)])
    if gone:
        lost = _pass(earlier, before, about, options, gone, random).first
        summed = replace(summed, first=summed.first.less(lost))
    return summed.ordered()
