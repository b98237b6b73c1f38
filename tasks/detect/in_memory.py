"""A dataset that fits into memory: the usable rows of all its partitions at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.embeddings import read_vectors
from labelworks.tasks.artifacts.index import load_index
from labelworks.tasks.artifacts.row_extras import unpacked
from labelworks.tasks.artifacts.run import Run
from labelworks.tasks.execution.map_partitions import map_partitions


@dataclass(frozen=True)
class Whole:
    """Rows (N,) in the order of their partitions: row, id and label; features (N, D), hashes of ids (N,).

    sizes: how many rows each partition has. pred_probs (N, K): the user's own, where given.
    """

    index: pa.Table
    features: NDArray[np.floating]
    hashes: NDArray[np.uint64]
    sizes: tuple[int, ...]
    pred_probs: NDArray[np.float32] | None

    def split(self, table: pa.Table) -> list[pa.Table]:
        """A table of the rows (N,), by partition."""
        starts = np.cumsum([0, *self.sizes])
        return [table.slice(start, size) for start, size in zip(starts.tolist(), self.sizes, strict=False)]


def load_whole(run: Run, ref: DatasetRef) -> Whole:
    """Read the index and the vectors of every partition of the source."""
    found = map_partitions("detect", load_rows, ref.of("source"), unit="partitions read", run=run, ref=ref)
    index = pa.concat_tables([rows for rows, _ in found]).combine_chunks()
    probs = unpacked(index["pred_probs"]) if "pred_probs" in index.column_names else None
    return Whole(
        index.select(["row", "id", "label"]),
        np.concatenate([features for _, features in found]),
        index["hash"].to_numpy(),
        tuple(rows.num_rows for rows, _ in found),
        probs,
    )


def load_rows(partition: Partition, run: Run, ref: DatasetRef) -> tuple[pa.Table, NDArray[np.floating]]:
    """The rows of a partition that have a vector, and these vectors (n, D)."""
    vectors, usable, _ = read_vectors(run.store, run.embedding(ref.encoder_key, partition))
    own = ["pred_probs"] if run.config.dataset.pred_probs else []
    index = load_index(run, ref, partition, ["id", "hash", "label", *own])
    index = index.filter(pc.is_in(index["row"], value_set=pa.array(np.flatnonzero(usable).astype(np.int32))))
    return index, vectors[index["row"].to_numpy()]
