"""What weights rest on, of the whole dataset: masses by class and group, the target's density, the scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.findings import ShiftFindings
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.imprecise.observed import inferred_part
from labelworks.tasks.artifacts.scores import read_judged
from labelworks.tasks.artifacts.vectors.embeddings import load_block
from labelworks.tasks.artifacts.vectors.first_pass import read_first_pass
from labelworks.tasks.execution.map_partitions import map_partitions, reduce_partitions
from labelworks.tasks.methods.statistics.folds import in_sample, share_of
from labelworks.tasks.methods.treatment.decisions import Answered, Decisions, with_answers
from labelworks.tasks.methods.treatment.observed_rows import ObservedRows, as_inferred, as_observed
from labelworks.tasks.methods.treatment.treat_rows import decided_rows, weighed_rows
from labelworks.tasks.methods.treatment.weights.core.density import density_ratio
from labelworks.tasks.methods.treatment.weights.core.joint import (
    WeightSums,
    factors_of,
    importance,
    trust_of,
)
from labelworks.tasks.methods.treatment.weights.core.rows import MassSums, WeighedRows, WeightFacts
from labelworks.tasks.sources.source import Source
from labelworks.tasks.treat.dataset_cut import judged_labels
from labelworks.tasks.treat.treated import Basis

Trusted = Callable[[Partition, Artifacts, DatasetRef, Basis], NDArray[np.float32]]
MOVED = ("covariate", "both")  # kinds of shift in which covariates moved beyond what a class mix explains
SAMPLED = 20_000  # rows of the target that its density is fitted on


def with_weights(artifacts: Artifacts, ref: DatasetRef, basis: Basis, shift: ShiftFindings | None) -> Basis:
    """The basis with what its weights rest on; a pass over the scores for each sum that has to be known."""
    policy, parts = basis.policy, ref.of("source")
    if policy.needs("target") and shift is not None:
        basis = replace(basis, facts=_with_density(artifacts, ref, basis, shift))
    if policy.needs("counts"):
        masses = reduce_partitions(
            "treat", count_masses, MassSums.merged, parts, unit="partitions counted",
            artifacts=artifacts, ref=ref, basis=basis,
        )  # fmt: skip
        counted = replace(basis.facts, rows_by_class=masses.rows_by_class, cells=masses.cells)
        basis = replace(basis, facts=counted)
    if not policy.factors:
        return basis
    sums = reduce_partitions(
        "treat", count_weights, WeightSums.merged, parts, unit="partitions weighed",
        artifacts=artifacts, ref=ref, basis=basis,
    )  # fmt: skip
    return replace(basis, scale=sums.scale(policy.min_effective_share))


def with_scale(artifacts: Artifacts, ref: DatasetRef, basis: Basis, trust: Trusted) -> Basis:
    """The basis with the scale of weights that are trust alone: those of label sets and of numbers."""
    if not basis.policy.reweighs:
        return basis
    sums = reduce_partitions(
        "treat", count_trust, WeightSums.merged, ref.of("source"), unit="partitions weighed",
        artifacts=artifacts, ref=ref, basis=basis, trust=trust,
    )  # fmt: skip
    return replace(basis, scale=sums.scale(basis.policy.min_effective_share))


def count_trust(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, basis: Basis, trust: Trusted
) -> WeightSums:
    """Sums of the trust in the rows of a partition, all of the same importance."""
    right = trust(partition, artifacts, ref, basis)
    return WeightSums.of(right, np.ones(len(right)))


def count_masses(partition: Partition, artifacts: Artifacts, ref: DatasetRef, basis: Basis) -> MassSums:
    """Masses of the rows of a partition after treatment."""
    _, rows = weighed(partition, artifacts, ref, basis, read_judged(artifacts, ref, partition))
    return MassSums.of(rows, len(ref.classes), basis.policy.columns)


def count_weights(partition: Partition, artifacts: Artifacts, ref: DatasetRef, basis: Basis) -> WeightSums:
    """Sums of the weights of a partition, by importance."""
    _, rows = weighed(partition, artifacts, ref, basis, read_judged(artifacts, ref, partition))
    factors = factors_of(rows, basis.facts, basis.policy.factors)
    count = len(rows.label)
    return WeightSums.of(trust_of(factors, count), importance(factors, count))


def weighed(
    partition: Partition,
    artifacts: Artifacts,
    ref: DatasetRef,
    basis: Basis,
    scores: pa.Table,
    answered: Answered | None = None,
) -> tuple[Decisions, WeighedRows]:
    """What is decided on the rows of a partition, and those rows as weights are made of them.

    answered: by people, about some of them. What weights rest on leaves it out: so that an answer changes
    the weights of its own rows, and not those of all.
    """
    policy, place = basis.policy, scores["row"].to_numpy()
    said = None if basis.judged is None else basis.judged.verdicts(partition.key, scores["row"])
    rows = judged_labels(scores, basis)
    decided = decided_rows(rows, basis.cut, policy, said)
    if ref.inferred:
        observed = observed_rows(artifacts, partition, place)
        decided = as_observed(observed) if policy.mode == "none" else as_inferred(decided, observed)
    if answered is not None:
        decided = with_answers(decided, rows.given, answered, len(ref.classes))
    columns = _columns(basis.source, partition, policy.columns, place)
    features = None
    if basis.facts.density is not None or policy.needs("features", without="target"):
        block = load_block(artifacts, ref, partition)
        features = block.features[np.searchsorted(block.rows, place)]
    return decided, weighed_rows(decided, policy, features, columns)


def observed_rows(artifacts: Artifacts, partition: Partition, places: NDArray[np.int32]) -> ObservedRows:
    """What was observed of rows at places (n,) of a partition, as labels were inferred of it."""
    table = artifacts.store.read_table(inferred_part(artifacts, partition), ["row", "kind", "alone", "open"])
    at = np.searchsorted(table["row"].to_numpy(), places)
    kind = np.array(table["kind"].cast(pa.string()).to_pylist(), object)
    left_open = table["open"].to_numpy(zero_copy_only=False)
    return ObservedRows(kind[at], table["alone"].to_numpy()[at], left_open[at])


def _columns(
    source: Source | None, partition: Partition, names: Sequence[str], place: NDArray[np.int32]
) -> dict[str, NDArray[Any]]:
    """Values of columns at places of a partition; by all columns at once where there are some."""
    if source is None or not names:
        return {}
    table = source.reader(partition).table(list(names)).take(place)
    return {name: table[name].to_numpy() for name in names}


def _with_density(artifacts: Artifacts, ref: DatasetRef, basis: Basis, shift: ShiftFindings) -> WeightFacts:
    """The facts with the target's density where covariates moved, or a propensity is to be estimated."""
    estimated = any(
        factor.method == "propensity" and not factor.options.get("column") for factor in basis.policy.factors
    )
    if not estimated and shift.kind not in MOVED:
        return basis.facts
    rows = sum(part.rows for part in ref.of("target"))
    densities = map_partitions(
        "treat", sample_features, ref.of("target"), unit="target partitions",
        artifacts=artifacts, ref=ref, share=share_of(SAMPLED, max(rows, 1)),
    )  # fmt: skip
    source = read_first_pass(artifacts).sample.features
    return replace(basis.facts, density=density_ratio(source, np.concatenate(densities)))


def sample_features(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, share: float
) -> NDArray[np.floating]:
    """Features of the rows of a target partition that belong to a sample."""
    block = load_block(artifacts, ref, partition)
    return np.asarray(block.features[in_sample(block.hashes, share)])
