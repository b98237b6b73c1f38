"""The index of a partition: ids and given labels of its usable rows; what is put aside, and why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.tables import REJECTED
from labelworks.tasks.artifacts.run import Run

LABEL_TYPES = {
    "int": pa.int64(),
    "string": pa.string(),
    "list": pa.list_(pa.string()),
    "number": pa.float64(),
}


@dataclass(frozen=True)
class Index:
    """Usable rows of a partition, what was put aside, and the pieces without a row in it.

    rejected: rows and whole pieces; left_out: places of those pieces and of the empty ones in the partition.
    time: the type of the time column in all pieces (`labelworks.tasks.sources.formats.joined.written_type`).
    """

    rows: pa.Table
    rejected: pa.Table
    left_out: tuple[int, ...] = ()
    empty: int = 0
    time: str = ""

    @property
    def facts(self) -> dict[str, str]:
        """What is kept of it beside the rows."""
        counts = {"rejected": str(self.rejected.num_rows), "empty": str(self.empty)}
        return counts | {"left_out": json.dumps(self.left_out), "time": self.time}


def read_index(run: Run, partition: Partition, label_type: str, names: Sequence[str]) -> Index:
    """A partition's index, of its rows some columns."""
    name = run.index(label_type, partition)
    rows = run.store.read_table(name, list(names))
    facts = rows.schema.metadata
    rejected = REJECTED.empty_table()
    if facts[b"rejected"] != b"0":
        rejected = run.store.read_table(rejected_name(name))
    left_out = tuple(json.loads(facts[b"left_out"]))
    return Index(rows, rejected, left_out, int(facts[b"empty"]), facts[b"time"].decode())


def share_index(run: Run, partition: Partition, kept: Partition, label_type: str) -> None:
    """Give the partition of the pieces that were kept, if it is another, the same index."""
    name = run.index(label_type, kept)
    if kept.pieces and kept != partition and not run.store.exists(name):
        write_rows(run, name, run.store.read_table(run.index(label_type, partition)))


def write_rows(run: Run, name: str, index: pa.Table) -> None:
    """Write the usable rows of a partition."""
    run.store.write_table(name, index, use_dictionary=["file", "label"])


def load_index(run: Run, ref: DatasetRef, partition: Partition, names: Sequence[str]) -> pa.Table:
    """The usable rows of a partition, without those whose id occurred before."""
    index = run.store.read_table(
        run.index(ref.label_type, partition), list({"row": 0} | dict.fromkeys(names))
    )
    if not partition.duplicates:
        return index
    again = run.store.read_table(run.part("ingest/duplicates", partition), ["row"])
    return index.filter(pc.invert(pc.is_in(index["row"], value_set=again["row"].combine_chunks())))


def rejected_name(name: str) -> str:
    """What the rows put aside are kept as, beside an index of that name."""
    return name.replace(".parquet", "-rejected.parquet")
