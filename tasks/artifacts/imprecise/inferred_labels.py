"""Labels inferred of what was observed: fitted on a sample, by all rows, written a partition at a time.

The sample is fitted as rows on arrays are (`methods.treatment.imprecise`). Where it is not all of the rows, a
round of EM over all partitions follows, and its probes are taken where they foretell the observed better.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.stats import norm

from labelworks.schemas.errors import InputError
from labelworks.schemas.findings import InferredFindings
from labelworks.schemas.label_kinds import BAGS, NOTHING, SOFT
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.imprecise.load_observed import ObservedBlock, load_observed
from labelworks.tasks.artifacts.imprecise.observed import FOUND, inferred_part
from labelworks.tasks.artifacts.imprecise.observed_sample import (
    ObservedSample,
    joined_samples,
    sample_observed,
    write_observed_sample,
)
from labelworks.tasks.artifacts.row_extras import packed
from labelworks.tasks.execution.map_partitions import map_partitions, reduce_partitions
from labelworks.tasks.methods.probes.ensemble import ProbeEnsemble
from labelworks.tasks.methods.statistics.folds import fold_of, share_of
from labelworks.tasks.methods.statistics.sums import FoldSums
from labelworks.tasks.methods.treatment.imprecise.core.fitting import Data, Fitted, alone, drawn, foretold
from labelworks.tasks.methods.treatment.imprecise.core.inference import Inference, infer_from


@dataclass(frozen=True, eq=False)
class Round:
    """Of a round of EM over some partitions: sums, log-likelihood of the labelled rows, and how many."""

    sums: FoldSums
    likelihood: float
    labelled: int

    @classmethod
    def merged(cls, parts: Sequence[Round]) -> Round:
        """One of many, added."""
        return cls(
            reduce(add, (part.sums for part in parts)),
            sum(part.likelihood for part in parts),
            sum(part.labelled for part in parts),
        )


@dataclass(frozen=True)
class InferredPart:
    """Of a partition: rows by kind, and the sum of what is claimed of their labels."""

    rows: int
    kinds: Counter[str]
    claimed: float


def infer_labels(
    artifacts: Artifacts, ref: DatasetRef, rows: int, wanted: int, folds: int, probes: Sequence[str]
) -> InferredFindings:
    """Infer the label of every row of the source and write it, or find that it was done.

    rows: of the dataset; wanted: of them, those held in memory; probes: those that see vectors.
    """
    name = artifacts.file("embed", FOUND)
    if artifacts.store.exists(name):
        return read_inferred(artifacts)
    parts, share = ref.of("source"), share_of(wanted, rows)
    read = map_partitions(
        "embed", sample_observed, parts, unit="partitions sampled",
        artifacts=artifacts, ref=ref, share=share, folds=folds,
    )  # fmt: skip
    sample, cut = joined_samples([part for part, _ in read]), _cut([bags for _, bags in read])
    write_observed_sample(artifacts, sample)
    data, fitted, inference = _fitted(sample, folds, probes)
    tested = _tested(data, fitted)
    if share < 1:
        inference = _by_all_rows(artifacts, ref, inference, data, fitted, cut)
    written = map_partitions(
        "embed", infer_partition, parts, unit="partitions inferred",
        artifacts=artifacts, ref=ref, inference=inference.to_send(), cut=cut,
    )  # fmt: skip
    kinds = reduce(add, (part.kinds for part in written))
    chance = inference.options.get("single-positive", {}).get("propensity")
    findings = InferredFindings(
        kinds=dict(kinds),
        fitted_on=len(sample.folds),
        rounds=fitted.rounds,
        all_rows=share >= 1 or inference.ensemble is not fitted.ensemble,
        **tested,
        confidence=sum(part.claimed for part in written) / max(kinds.total(), 1),
        propensity=None if chance is None else tuple(float(value) for value in chance),
        bags_cut=len(cut) if kinds[BAGS] else None,
    )
    artifacts.store.write(name, findings.model_dump_json().encode())
    return findings


def read_inferred(artifacts: Artifacts) -> InferredFindings:
    """What was found as labels were inferred."""
    return InferredFindings.model_validate_json(artifacts.store.read(artifacts.file("embed", FOUND)))


def round_of(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, inference: Inference, cut: NDArray[np.uint64]
) -> Round:
    """A round of EM over the labelled rows of a partition."""
    data = _data(load_observed(artifacts, ref, partition), inference, cut)
    sums, likelihood, labelled = data.nothing, 0.0, 0
    for rows, posterior, said in data.posteriors(inference.ensemble):
        sums += data.sums(rows, posterior)
        likelihood, labelled = likelihood + float(said.sum()), labelled + len(rows)
    return Round(sums, likelihood, labelled)


def infer_partition(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, inference: Inference, cut: NDArray[np.uint64]
) -> InferredPart:
    """Infer the labels of a partition's rows and write them.

    Columns: row; label, the likeliest class; alone, a class drawn of what was observed, without a model;
    open: whether that leaves several; kind; posterior (K,) as raw bytes.
    """
    block = load_observed(artifacts, ref, partition)
    data, shape = _data(block, inference, cut), (len(block.rows), len(ref.classes))
    posterior = np.full(shape, 1 / shape[1], np.float32)
    for rows, inferred in inference.elsewhere(data):
        posterior[rows] = inferred
    label = posterior.argmax(axis=1).astype(np.int32)
    by_itself, left_open = label_alone(data, block.hashes, block.given)
    table = pa.table(
        {
            "row": pa.array(block.rows),
            "label": label,
            "alone": by_itself,
            "open": left_open,
            "kind": pa.array(block.observed.kinds.tolist(), pa.string()),
            "posterior": packed(posterior),
        }
    )
    artifacts.store.write_table(inferred_part(artifacts, partition), table, use_dictionary=["kind"])
    claimed = posterior.max(axis=1, initial=0).sum(dtype=np.float64)
    return InferredPart(shape[0], Counter(block.observed.kinds.tolist()), float(claimed))


def label_alone(
    data: Data, hashes: NDArray[np.uint64], given: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """A class of each row (n,) drawn of what was observed of it alone, and whether that leaves several.

    It is the given one (n,) where there is one; of a row without a label any, by chance.
    """
    rows, classes = data.evidence.shape
    label, several = np.zeros(rows, np.int32), np.ones(rows, bool)
    for places, said, left_open in alone(data):
        label[places], several[places] = drawn(hashes[places], said), left_open
    silent = data.evidence.unlabelled
    label[silent] = drawn(hashes[silent], np.ones((len(silent), classes), np.float32))
    return np.where(given >= 0, given, label).astype(np.int32), several & (given < 0)


def _data(block: ObservedBlock, inference: Inference, cut: NDArray[np.uint64]) -> Data:
    """The rows of a partition; of a bag that others have rows of too, each is read by itself."""
    observed, folds = block.observed, fold_of(block.hashes, inference.n_folds)
    kinds = observed.kinds
    torn = (kinds == BAGS) & np.isin(observed.bags, cut)
    kinds = np.where(torn, SOFT, kinds)
    return inference.data(observed.marks, kinds, block.features, folds, observed.bags)


def _cut(parts: Sequence[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    """Bags that several partitions have rows of."""
    names, counts = np.unique(np.concatenate(parts), return_counts=True)
    return np.asarray(names[counts > 1])


def _fitted(sample: ObservedSample, folds: int, probes: Sequence[str]) -> tuple[Data, Fitted, Inference]:
    seen = sample.observed
    if (seen.kinds == NOTHING).all():
        raise InputError(
            f"none of {len(seen.kinds):,} rows of the sample has a label",
            where="dataset.label_kind",
            fix="raise detect.sample, or label more rows",
        )
    data, fitted, inference = infer_from(
        seen.marks, seen.kinds, sample.features, sample.folds, folds, probes=probes, bags=seen.bags
    )
    if BAGS in seen.kinds:  # shares of a torn bag are held against the class mix
        inference = replace(inference, options={SOFT: {"prior": fitted.mix}, **inference.options})
    return data, fitted, inference


def _by_all_rows(
    artifacts: Artifacts,
    ref: DatasetRef,
    inference: Inference,
    data: Data,
    fitted: Fitted,
    cut: NDArray[np.uint64],
) -> Inference:
    """The inference by probes of all rows, where what was observed is foretold better by them."""
    before = _round(artifacts, ref, inference, cut)
    probes = ProbeEnsemble.fit(before.sums, data.probes)
    rows = fitted.rows
    calibrated = probes.calibrate(data.features[rows], fitted.drawn, data.folds[rows])
    by_all = replace(inference, ensemble=calibrated)
    after = _round(artifacts, ref, by_all, cut)
    return by_all if after.likelihood > before.likelihood else inference


def _round(artifacts: Artifacts, ref: DatasetRef, inference: Inference, cut: NDArray[np.uint64]) -> Round:
    return reduce_partitions(
        "embed", round_of, Round.merged, ref.of("source"), unit="partitions in a round",
        artifacts=artifacts, ref=ref, inference=inference.to_send(), cut=cut,
    )  # fmt: skip


def _tested(data: Data, fitted: Fitted) -> dict[str, float]:
    """Whether features tell of what was observed more than the class mix does, out of sample."""
    by = foretold(data, fitted.ensemble, fitted.mix)
    gain = by[:, 0] - by[:, 1]
    error = max(float(gain.std(ddof=1)) / np.sqrt(len(gain)), np.finfo(float).tiny) if len(gain) > 1 else 1.0
    return {
        "log_likelihood": float(by[:, 0].mean()),
        "log_likelihood_of_mix": float(by[:, 1].mean()),
        "p_value": float(norm.sf(gain.mean() / error)),
    }
