"""What is in the published rows of a run, counted part by part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.storage.store import Store

COLUMNS = ["label", "original_label", "action", "weight"]


@dataclass(frozen=True)
class Contents:
    """Rows of a version. labels: rows by class, where there are classes; of several a row each counts."""

    rows: int = 0
    changed: int = 0
    """Rows whose label isn't the given one."""
    unlabelled: int = 0
    """Rows of no class at all, of those that may have several."""
    actions: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    least: float | None = None
    """Of labels that are numbers, the smallest."""
    largest: float | None = None
    weight: float = 0.0
    squares: float = 0.0
    """Of the weights, summed."""

    def __add__(self, other: Contents) -> Contents:
        """Those of more parts."""
        lows = [low for low in (self.least, other.least) if low is not None]
        highs = [high for high in (self.largest, other.largest) if high is not None]
        return Contents(
            self.rows + other.rows, self.changed + other.changed, self.unlabelled + other.unlabelled,
            self.actions + other.actions, self.labels + other.labels,
            min(lows, default=None), max(highs, default=None),
            self.weight + other.weight, self.squares + other.squares,
        )  # fmt: skip

    @property
    def effective_share(self) -> float | None:
        """Kish's effective sample size (1965) over the rows; None where no row weighs anything."""
        return self.weight**2 / (self.squares * self.rows) if self.squares else None


def contents_of(store: Store, parts: Sequence[str]) -> Contents:
    """What is in some parts, by their names in the store. Memory holds one part at a time and worker."""
    counts = map_partitions("report", contents_in, parts, unit="parts counted", store=store)
    return reduce(Contents.__add__, counts, Contents())


def contents_in(part: str, store: Store) -> Contents:
    """What is in one part."""
    table = store.read_table(part, COLUMNS)
    labels, weight = table["label"], table["weight"].to_numpy().astype(np.float64)
    several, numbers = pa.types.is_list(labels.type), pa.types.is_floating(labels.type)
    classes = pc.list_flatten(labels) if several else labels
    ends = pc.min_max(labels).as_py() if numbers else {"min": None, "max": None}
    return Contents(
        rows=len(table),
        changed=_changed(table, several),
        unlabelled=pc.sum(pc.equal(pc.list_value_length(labels), 0)).as_py() or 0 if several else 0,
        actions=_counted(table["action"]),
        labels=Counter() if numbers else _counted(classes.cast(pa.string())),
        least=ends["min"],
        largest=ends["max"],
        weight=float(weight.sum()),
        squares=float(weight @ weight),
    )


def _changed(table: pa.Table, several: bool) -> int:
    if several:
        pairs = zip(table["label"].to_pylist(), table["original_label"].to_pylist(), strict=True)
        return sum(label != given for label, given in pairs)
    return int(pc.sum(pc.not_equal(table["label"], table["original_label"])).as_py() or 0)


def _counted(values: Any) -> Counter[str]:
    return Counter({counted["values"]: counted["counts"] for counted in pc.value_counts(values).to_pylist()})
