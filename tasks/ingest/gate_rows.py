"""What the gate after ingest looks at: the index of a partition, and columns of its source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from labelworks.schemas.errors import ConfigError
from labelworks.schemas.records import Partition
from labelworks.schemas.suites import Suite, nearest
from labelworks.tasks import gates
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.imprecise.observed import read_kinds
from labelworks.tasks.artifacts.index import read_index
from labelworks.tasks.planning.plan import Plan
from labelworks.tasks.sources.source import Source

CHECKED = ["row", "id", "label"]


@dataclass(frozen=True)
class IndexedRows:
    """Reads the usable rows of a partition for expectations about whole columns."""

    artifacts: Artifacts
    source: Source
    label_type: str

    def __call__(self, partition: Partition, names: list[str]) -> gates.GatedRows:
        """The rows of a partition."""
        index = read_index(self.artifacts, partition, self.label_type, CHECKED).rows
        index = with_kinds(index, self.artifacts, self.source, partition, self.label_type)
        table = with_source_columns(index, self.source, partition, names)
        return gates.GatedRows(table, tuple(self.source.reader(partition).schemas()), partition.key)


def with_kinds(
    index: pa.Table, artifacts: Artifacts, source: Source, partition: Partition, label_type: str
) -> pa.Table:
    """The index with the kinds of labels in the place of labels, where these are inferred later."""
    if partition.window != "source" or not source.columns.inferred or not index.num_rows:
        return index
    kinds = read_kinds(artifacts, partition, label_type)
    return index.set_column(index.column_names.index("label"), "label", kinds)


def with_source_columns(
    index: pa.Table, source: Source, partition: Partition, names: Iterable[str]
) -> pa.Table:
    """The index beside columns of the source, those of them that all of its files have."""
    asked = [name for name in names if name not in CHECKED]
    if not asked or not index.num_rows:
        return index
    reader = source.reader(partition)
    schemas = reader.schemas()
    there = [name for name in asked if all(name in schema.names for schema in schemas)]
    rows = reader.table(there).take(index["row"]) if there else pa.table({})
    for name in rows.column_names:
        index = index.append_column(name, rows[name])
    return index


def check_source_columns(source: Source, plans: Mapping[str, Plan], suite: Suite, where: str) -> None:
    """Raise ConfigError, with the nearest name, for a column that the first files of a window don't have."""
    for window, plan in plans.items():
        names = suite.of(window).source_columns
        if not names or not plan.partitions:
            continue
        reader = source.reader(plan.partitions[0])
        known = [name for schema in reader.schemas() for name in schema.names]
        for name in names:
            if name not in known:
                fix = f"{nearest(name, [*suite.columns, *known])} (columns of {reader.where})"
                raise ConfigError(f"unknown column {name!r}", where=where, fix=fix)
