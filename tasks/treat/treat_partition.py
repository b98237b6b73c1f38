"""Treating one partition: what is decided on its rows, written, and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.suites import Suite
from labelworks.schemas.tables import FACTOR, factor_name
from labelworks.tasks import gates
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.treat import classes, label_sets, numbers, tags
from labelworks.tasks.treat.dataset_cut import Claimed, judged_rows
from labelworks.tasks.treat.people.decided import Heard
from labelworks.tasks.treat.row_weights import Trusted
from labelworks.tasks.treat.treated import Basis, ByClass

Decide = Callable[[Partition, Artifacts, DatasetRef, Basis, pa.Table | None], pa.Table]
Count = Callable[[pa.Table, DatasetRef], ByClass]
OF_CLASSES: tuple[Decide, Count, Claimed] = (classes.treat_classes, classes.by_class, judged_rows)
BY_LABEL_TYPE: dict[str, tuple[Decide, Count, Claimed]] = {
    "int": OF_CLASSES,
    "string": OF_CLASSES,
    "list": (label_sets.treat_sets, label_sets.by_class, label_sets.judged_cells),
    "number": (numbers.treat_measured, numbers.by_class, numbers.judged_numbers),
    "tags": (tags.treat_sentences, tags.by_class, tags.judged_edits),
}
TRUST: dict[str, Trusted] = {
    "list": label_sets.trust_in_sets,
    "number": numbers.trust_in_numbers,
    "tags": tags.trust_in_tags,
}


@dataclass(frozen=True)
class FactorSums:
    """Of one factor of the weights: the sum over rows, the least and the largest value."""

    total: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class Treated:
    """What was done in a partition; sums of weights and of their squares."""

    rows: int
    actions: Counter[tuple[str, str]]
    by_class: ByClass
    weight: float
    squared: float
    lowest: float
    highest: float
    factors: Mapping[str, FactorSums]
    new: bool
    checks: list[gates.RowCheck]


def treat_partition(
    partition: Partition,
    artifacts: Artifacts,
    ref: DatasetRef,
    basis: Basis,
    expected: Suite,
    heard: Heard = Heard(),  # noqa: B008 - frozen
) -> Treated:
    """Treat one partition, hear what people decided, and write its part; or read it if that was done."""
    name, (decide, by_class, _) = artifacts.treated(ref, partition), BY_LABEL_TYPE[ref.label_type]
    new = not artifacts.store.exists(name)
    if new:
        table = decide(partition, artifacts, ref, basis, heard.of(partition))
        artifacts.store.write_table(name, table, use_dictionary=["action", "reason"])
    else:
        table = artifacts.store.read_table(name)
    weight = table["weight"].to_numpy()
    counted = table.group_by(["action", "reason"]).aggregate([([], "count_all")]).to_pylist()
    return Treated(
        rows=table.num_rows,
        actions=Counter({(group["action"], group["reason"]): group["count_all"] for group in counted}),
        by_class=by_class(table, ref),
        weight=float(weight.sum(dtype=np.float64)),
        squared=float(np.square(weight, dtype=np.float64).sum()),
        lowest=float(weight.min(initial=np.inf)),
        highest=float(weight.max(initial=0.0)),
        factors=_factors(table),
        new=new,
        checks=_checks(table, ref, expected),
    )


def _factors(table: pa.Table) -> dict[str, FactorSums]:
    """By factor: its sum over the rows, its least and its largest value."""
    factors = {}
    for column in (name for name in table.column_names if name.startswith(FACTOR)):
        values = table[column].to_numpy().astype(np.float64)
        factors[factor_name(column)] = FactorSums(
            float(values.sum()), float(values.min(initial=np.inf)), float(values.max(initial=0.0))
        )
    return factors


def _checks(table: pa.Table, ref: DatasetRef, expected: Suite) -> list[gates.RowCheck]:
    """Row by row; a code is within the classes, each of a list of codes too; numbers are no codes."""
    label = table["label"].combine_chunks()
    if pa.types.is_list(label.type):
        highest = np.full(len(label), 0)
        np.maximum.at(highest, pc.list_parent_indices(label).to_numpy(), label.flatten().to_numpy())
        table = table.set_column(table.column_names.index("label"), "label", pa.array(highest))
    return gates.check_rows(table, expected, classes=len(ref.classes))
