"""Copies over the whole dataset: equal contents, and near duplicates by their signatures, checked exactly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.vectors.embeddings import read_some
from labelworks.tasks.artifacts.vectors.signatures import planes_of, sketched
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods.duplicates.groups import Copies, copies
from labelworks.tasks.methods.duplicates.signatures import (
    candidates,
    chance_radius,
    likely_pairs,
    near_pairs,
)

PAIRS = 100_000  # likely near duplicates at most whose vectors are compared
SAMPLE = 2000  # rows that say how near rows are by chance


def find_copies(
    artifacts: Artifacts,
    ref: DatasetRef,
    contents: pa.Table,
    sample: NDArray[np.floating],
    rows: int,
    *,
    scaled: bool,
) -> dict[str, float | int | None]:
    """Find copies among the contents of the first pass, list them by group, and return their figures.

    contents: content, given, row, part, signature and sketch; sample (M, D) and the number of rows of the
    dataset say how near two rows are by chance; scaled: as of `planes_of`. Numbers have no conflicts:
    both may be right.
    """
    content, given = contents["content"].to_numpy(), contents["given"].to_numpy()
    exact = copies(content, given)
    both = copies(content, given, _near(artifacts, ref, contents, sample, rows, scaled))
    numbers = ref.label_type == "number"
    _write(artifacts, contents, both, unsaid=("given", "conflict") if numbers else ())
    near = both.near & (both.group >= 0)
    return {
        "duplicate_share": exact.surplus / max(len(content), 1),
        "label_conflicts": None if numbers else int(np.count_nonzero(exact.conflict)),
        "near_duplicate_share": float(near.mean()) if len(content) else 0.0,
        "near_duplicate_conflicts": None if numbers else int(np.count_nonzero(near & both.conflict)),
    }


def rows_of(
    wanted: tuple[Partition, NDArray[np.int64]], artifacts: Artifacts, ref: DatasetRef
) -> NDArray[np.floating]:
    """Vectors of some rows of a partition."""
    partition, rows = wanted
    return read_some(artifacts.store, artifacts.embedding(ref.encoder_key, partition), rows)[0]


def _near(
    artifacts: Artifacts,
    ref: DatasetRef,
    contents: pa.Table,
    sample: NDArray[np.floating],
    rows: int,
    scaled: bool,
) -> NDArray[np.int64]:
    """Pairs (P, 2) of places in the contents that are near duplicates, one of the rows of each content."""
    first = np.sort(np.unique(contents["content"].to_numpy(), return_index=True)[1])
    pairs = first[candidates(contents["signature"].to_numpy()[first], PAIRS)]
    sketch = contents["sketch"].combine_chunks()
    pairs = pairs[likely_pairs(*(sketched(sketch.take(pa.array(side))) for side in pairs.T))]
    if not len(pairs):
        return pairs
    planes = planes_of(artifacts, ref, scaled=scaled)
    wanted, where = np.unique(pairs, return_inverse=True)
    placed = planes.placed(_vectors(artifacts, ref, contents, wanted))
    one, other = (placed[side] for side in where.reshape(pairs.shape).T)
    radius = chance_radius(planes.placed(sample[:SAMPLE]), rows)
    return np.asarray(pairs[near_pairs(one, other, radius)])


def _vectors(
    artifacts: Artifacts, ref: DatasetRef, contents: pa.Table, wanted: NDArray[np.int64]
) -> NDArray[np.floating]:
    """Vectors (M, D) of places in the contents (M,); a partition that has none of them is not read."""
    part, row = contents["part"].to_numpy()[wanted], contents["row"].to_numpy()[wanted]
    partitions = ref.of("source")
    places = np.unique(part)
    items = [(partitions[place], row[part == place]) for place in places]
    blocks = map_partitions(
        "embed", rows_of, items, unit="partitions with copies", artifacts=artifacts, ref=ref
    )
    vectors = np.empty((len(wanted), blocks[0].shape[1]), dtype=np.float32)
    for place, values in zip(places, blocks, strict=True):
        vectors[part == place] = values
    return vectors


def _write(artifacts: Artifacts, contents: pa.Table, found: Copies, unsaid: Sequence[str]) -> None:
    kept = pa.array(found.group >= 0)
    columns: dict[str, Any] = {"group": found.group, "conflict": found.conflict, "near": found.near}
    table = contents.drop_columns(["signature", "sketch"])
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values))
    table = table.drop_columns(list(unsaid)).filter(kept)
    artifacts.store.write_table(artifacts.file("embed", "duplicates.parquet"), table)
