"""Rows of a partition with what was observed of them, and the labels that were inferred of that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.imprecise.observed import Observed
from labelworks.tasks.artifacts.index import load_index
from labelworks.tasks.artifacts.vectors.embeddings import read_vectors


@dataclass(frozen=True, eq=False)
class ObservedBlock:
    """Usable rows of a partition: places, hashes of ids (n,), features (n, D), what was observed of them.

    given (n,): the class that rules or people named by themselves, -1 where they named none.
    """

    rows: NDArray[np.int32]
    hashes: NDArray[np.uint64]
    features: NDArray[np.floating]
    observed: Observed
    given: NDArray[np.int32]


def load_observed(artifacts: Artifacts, ref: DatasetRef, partition: Partition) -> ObservedBlock:
    """Join what was observed of a partition's rows with their vectors; rows without one are left out."""
    vectors = read_vectors(artifacts.store, artifacts.embedding(ref.encoder_key, partition))
    index = load_index(artifacts, ref, partition, ["hash", "label", "observed"])
    kept = vectors.usable[index["row"].to_numpy()]
    index = index if kept.all() else index.filter(pa.array(kept))
    rows = index["row"].to_numpy()
    observed = Observed.of_column(index["observed"], len(ref.classes))
    given = pc.index_in(index["label"], value_set=pa.array(ref.classes, index["label"].type))
    codes = given.fill_null(-1).to_numpy().astype(np.int32)
    return ObservedBlock(rows, index["hash"].to_numpy(), vectors.only(rows).vectors, observed, codes)
