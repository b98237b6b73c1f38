"""Near duplicates among the texts of a dataset, by the sketches that are kept beside the content scores."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.findings import TextCopies
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.index import load_index
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods.duplicates.groups import copies
from labelworks.tasks.methods.duplicates.minhash import HASHES, similar_pairs

SKETCH = "minhash"  # column of the parts
MOST = 200_000  # rows that are compared
WHOLE = 1 << 16  # values of a hash
EXAMPLES = 5


class Sketched(NamedTuple):
    """Rows of a partition that are compared: their sketches (N, 64), ids and labels."""

    sketches: NDArray[np.uint16]
    ids: list[str]
    labels: list[str]


def sketch_column(sketches: NDArray[np.uint16]) -> pa.Array:
    """Sketches (N, 64) as raw bytes."""
    kind, held = pa.binary(HASHES * 2), np.ascontiguousarray(sketches)
    return pa.Array.from_buffers(kind, len(held), [None, pa.py_buffer(held)])


def text_copies(artifacts: Artifacts, ref: DatasetRef, key: str, rows: int) -> TextCopies:
    """Compare the texts of all rows, of many those with a small first hash: near duplicates mostly share it.

    key: of the parts; rows: how many there are. Groups are kept as detect/text_copies.parquet.
    """
    below = WHOLE if rows <= MOST else int(WHOLE * MOST / rows)
    seen = map_partitions(
        "detect", read_sketches, ref.of("source"), unit="partitions compared",
        artifacts=artifacts, ref=ref, parts_key=key, below=below,
    )  # fmt: skip
    held = np.concatenate([part.sketches for part in seen])
    ids = np.array([name for part in seen for name in part.ids], dtype=object)
    labels = pd.factorize(np.array([label for part in seen for label in part.labels], dtype=object))[0]
    pairs, _ = similar_pairs(held)
    counted = copies(np.arange(len(held)), labels, pairs)
    inside = np.flatnonzero(counted.group >= 0)
    table = {"id": ids[inside], "group": counted.group[inside], "conflict": counted.conflict[inside]}
    artifacts.store.write_table(artifacts.file("detect", "text_copies.parquet"), pa.table(table))
    groups: dict[int, list[str]] = {}
    for name, group in zip(ids[inside], counted.group[inside].tolist(), strict=True):
        groups.setdefault(group, []).append(name)
    largest = sorted(groups.values(), key=len, reverse=True)[:EXAMPLES]
    return TextCopies(
        rows=len(held),
        copies=len(inside),
        groups=len(groups),
        conflicts=int(np.count_nonzero(counted.conflict[inside])),
        examples=tuple(tuple(names[:EXAMPLES]) for names in largest),
    )


def read_sketches(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, parts_key: str, below: int
) -> Sketched:
    """Read the sketches of a partition whose first hash is below a number."""
    name = artifacts.index(ref.label_type, partition, f"content-{parts_key}")
    column = artifacts.store.read_table(name, [SKETCH])[SKETCH].combine_chunks()
    data = np.frombuffer(column.buffers()[1] or b"", np.uint16).reshape(-1, HASHES)
    held = data[column.offset : column.offset + len(column)]
    chosen = np.flatnonzero((held[:, 0] < below) & held.any(axis=1))
    index = load_index(artifacts, ref, partition, ["id", "label"]).take(pa.array(chosen))
    labels = [str(label) for label in index["label"].to_pylist()]
    return Sketched(held[chosen], index["id"].to_pylist(), labels)
