"""Rows held in memory that labels are inferred by: drawn of the partitions, and kept."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.label_kinds import BAGS
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.imprecise.load_observed import load_observed
from labelworks.tasks.artifacts.imprecise.observed import MODEL, Observed
from labelworks.tasks.methods.statistics.folds import fold_of, in_sample


@dataclass(frozen=True, eq=False)
class ObservedSample:
    """Rows held in memory: features (N, D), folds (N,), hashes of ids (N,), what was observed of them.

    given (N,): the class that rules or people named by themselves, -1 where they named none.
    """

    features: NDArray[np.floating]
    folds: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    observed: Observed
    given: NDArray[np.int32]


def sample_observed(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, share: float, folds: int
) -> tuple[ObservedSample, NDArray[np.uint64]]:
    """Rows of a partition that belong to the sample, bags as a whole; and all bags that it has rows of."""
    block = load_observed(artifacts, ref, partition)
    bags = np.unique(block.observed.bags[block.observed.kinds == BAGS])
    kept = np.flatnonzero(in_sample(block.observed.drawn_by(block.hashes), share))
    hashes, observed = block.hashes[kept], block.observed.only(kept)
    of = fold_of(hashes, folds)
    return ObservedSample(block.features[kept], of, hashes, observed, block.given[kept]), bags


def joined_samples(parts: Sequence[ObservedSample]) -> ObservedSample:
    """One of many, rows one after the other."""
    return ObservedSample(
        np.concatenate([part.features for part in parts]),
        np.concatenate([part.folds for part in parts]),
        np.concatenate([part.hashes for part in parts]),
        Observed.joined([part.observed for part in parts]),
        np.concatenate([part.given for part in parts]),
    )


def write_observed_sample(artifacts: Artifacts, sample: ObservedSample) -> None:
    """Keep the rows that labels are inferred by."""
    sink = io.BytesIO()
    arrays = {
        "features": sample.features,
        "folds": sample.folds,
        "hashes": sample.hashes,
        "given": sample.given,
    }
    np.savez(sink, allow_pickle=False, **arrays, **sample.observed.arrays)
    artifacts.store.write(artifacts.file("embed", MODEL), sink.getvalue())


def read_observed_sample(artifacts: Artifacts, classes: int) -> ObservedSample:
    """The rows that labels were inferred by."""
    data = io.BytesIO(artifacts.store.read(artifacts.file("embed", MODEL)))
    with np.load(data, allow_pickle=False) as arrays:
        return ObservedSample(
            arrays["features"],
            arrays["folds"],
            arrays["hashes"],
            Observed.of_arrays(arrays, classes),
            arrays["given"],
        )
