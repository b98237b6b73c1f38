"""The named split that rows belong to, read with their index."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.sources.source import Source
from labelworks.tasks.sources.time_windows import time_keys
from labelworks.tasks.sources.values.joined import as_type, read_type
from labelworks.tasks.sources.values.text import replaced


@dataclass(frozen=True)
class SplitReader:
    """Reads the split of rows, and their time where the dataset has one."""

    artifacts: Artifacts
    source: Source
    ref: DatasetRef
    column: str

    def of(self, partition: Partition, *known: str) -> tuple[pa.Table, NDArray[np.float64] | None]:
        """Columns of a partition's index with the column `split`; the times (N,): hours, or as they are."""
        name, time = self.artifacts.index(self.ref.label_type, partition), self.source.columns.time
        index = self.artifacts.store.read_table(name, ["row", *known])
        asked = list(dict.fromkeys([self.column, *([time] if time else [])]))
        table = self.source.reader(partition).table(asked).take(index["row"])
        split = replaced(table[self.column].combine_chunks()).cast(pa.string())
        index = index.append_column("split", split)
        if time is None:
            return index, None
        kind = self.ref.time_type
        values = as_type(table[time], read_type(kind)) if kind else table[time]
        return index, time_keys(values, hourly=True)[1]
