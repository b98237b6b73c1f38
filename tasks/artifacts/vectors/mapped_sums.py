"""Sums of random features of the rows: made where these foretell labels better, kept with the other sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from operator import add

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.vectors.first_pass import FirstPass
from labelworks.tasks.artifacts.vectors.token_blocks import load_learnt
from labelworks.tasks.execution.map_partitions import reduce_partitions
from labelworks.tasks.methods.probes.random_features_choice import choose_random_features
from labelworks.tasks.methods.probes.trees.tree_probe import trees_suffice
from labelworks.tasks.methods.statistics.folds import fold_of
from labelworks.tasks.methods.statistics.random_features import RandomFeatures
from labelworks.tasks.methods.statistics.sums import MappedSums


def with_mapped_sums(
    artifacts: Artifacts,
    ref: DatasetRef,
    found: FirstPass,
    probes: tuple[str, ...],
    *,
    own_units: bool,
    whole: bool,
) -> FirstPass:
    """A first pass with the sums of random features that its sample asks for, or without any.

    whole: whether the sample is of all rows, so that no partition is read. Sums that are there are kept if
    they are of the same map.
    """
    random = _asked_for(found, probes, own_units=own_units)
    there = found.sums.mapped
    if random is None:
        mapped = None
    elif whole:
        sample, (folds, classes) = found.sample, found.sums.count.shape
        mapped = MappedSums.of(sample.features, sample.given, sample.folds, folds, classes, random)
    elif there is not None and there.random.same(random):
        mapped = there
    else:
        mapped = reduce_partitions(
            "embed", map_partition, _added, ref.of("source"), unit="partitions mapped",
            artifacts=artifacts, ref=ref, n_folds=found.sums.n_folds, random=random,
        )  # fmt: skip
    return replace(found, sums=replace(found.sums, mapped=mapped))


def map_partition(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, n_folds: int, random: RandomFeatures
) -> MappedSums:
    """Sums of random features of one partition."""
    _, block = load_learnt(artifacts, ref, partition)
    folds = fold_of(block.hashes, n_folds)
    return MappedSums.of(block.features, block.given, folds, n_folds, len(ref.classes), random)


def _added(parts: Sequence[MappedSums]) -> MappedSums:
    return reduce(add, parts)


def _asked_for(found: FirstPass, probes: tuple[str, ...], *, own_units: bool) -> RandomFeatures | None:
    """The map, where labels are one class a row and judged by probes."""
    sample = found.sample
    if found.targets is not None or "pred_probs" in sample.beside:
        return None
    if sample.cells is not None and trees_suffice(probes, found.sums.count.shape[1]):
        return None
    return choose_random_features(
        found.sums, sample.features, sample.given, sample.folds, sample.words, probes, own_units=own_units
    )
