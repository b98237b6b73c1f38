"""The index of a partition: its usable rows, their ids and given labels; beside it what else is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.tables import REJECTED
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.row_extras import EXTRAS

LABEL_TYPES = {
    "int": pa.int64(),
    "string": pa.string(),
    "list": pa.list_(pa.string()),
    "number": pa.float64(),
    "tags": pa.list_(pa.string()),
}


@dataclass(frozen=True)
class Index:
    """Usable rows of a partition, what was put aside, and the pieces without a row in it.

    rows: of `index_schema`, and while they are not written also what is said of them beside (EXTRAS).
    mended: sentences whose tags broke their scheme and were written anew.
    renamed: old names of classes that `dataset.class_mapping` names, and how many labels have each.
    rejected: rows and whole pieces; left_out: places of those pieces and of the empty ones in the partition.
    time: the type of the time column in all pieces (`labelworks.tasks.sources.values.joined.written_type`).
    """

    rows: pa.Table
    rejected: pa.Table
    left_out: tuple[int, ...] = ()
    empty: int = 0
    time: str = ""
    renamed: Mapping[str, int] = field(default_factory=dict)
    mended: int = 0

    @property
    def facts(self) -> dict[str, str]:
        """What is kept of it beside the rows."""
        counts = {"rejected": str(self.rejected.num_rows), "empty": str(self.empty)}
        renamed = json.dumps(dict(self.renamed))
        counts |= {"mended": str(self.mended)} if self.mended else {}
        return counts | {"left_out": json.dumps(self.left_out), "time": self.time, "renamed": renamed}


def read_index(artifacts: Artifacts, partition: Partition, label_type: str, names: Sequence[str]) -> Index:
    """A partition's index, of its rows some columns."""
    rows = artifacts.store.read_table(artifacts.index(label_type, partition), list(names))
    facts = rows.schema.metadata
    rejected = REJECTED.empty_table()
    if facts[b"rejected"] != b"0":
        rejected = artifacts.store.read_table(artifacts.index(label_type, partition, "rejected"))
    left_out = tuple(json.loads(facts[b"left_out"]))
    renamed = json.loads(facts.get(b"renamed", b"{}"))
    return Index(
        rows,
        rejected,
        left_out,
        int(facts[b"empty"]),
        facts[b"time"].decode(),
        renamed,
        int(facts.get(b"mended", b"0")),
    )


def share_index(artifacts: Artifacts, partition: Partition, kept: Partition, label_type: str) -> None:
    """Give the partition of the pieces that were kept, if it is another, the same index."""
    if not kept.pieces or kept == partition or artifacts.store.exists(artifacts.index(label_type, kept)):
        return
    for beside in (*EXTRAS, ""):  # the index last: while it is there, so is what lies beside it
        name = artifacts.index(label_type, partition, beside)
        if not beside or artifacts.store.exists(name):
            artifacts.store.write(artifacts.index(label_type, kept, beside), artifacts.store.read(name))


def write_rows(artifacts: Artifacts, label_type: str, partition: Partition, found: Index) -> None:
    """Write what was found in a partition; the index last: while it is there, so is what lies beside it."""
    if found.rejected.num_rows:
        artifacts.store.write_table(artifacts.index(label_type, partition, "rejected"), found.rejected)
    extras = [name for name in EXTRAS if name in found.rows.column_names]
    for name in extras:
        artifacts.store.write_table(
            artifacts.index(label_type, partition, name), found.rows.select([name]), use_dictionary=False
        )
    index = found.rows.drop_columns(extras).replace_schema_metadata(found.facts)
    name = artifacts.index(label_type, partition)
    artifacts.store.write_table(name, index, use_dictionary=["file", "label"])


def load_index(artifacts: Artifacts, ref: DatasetRef, partition: Partition, names: Sequence[str]) -> pa.Table:
    """Columns of the usable rows of a partition, without those whose id occurred before; also EXTRAS."""
    own = [name for name in dict.fromkeys(("row", *names)) if name not in EXTRAS]
    index = artifacts.store.read_table(artifacts.index(ref.label_type, partition), own)
    for name in names:
        if name in EXTRAS:
            extra = artifacts.store.read_table(artifacts.index(ref.label_type, partition, name))
            index = index.append_column(name, extra[name])
    if not partition.duplicates:
        return index
    again = artifacts.store.read_table(artifacts.part("ingest/duplicates", partition), ["row"])
    return index.filter(pc.invert(pc.is_in(index["row"], value_set=again["row"].combine_chunks())))
