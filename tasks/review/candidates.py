"""Rows that nobody has answered about, by what a look at each removes; a partition at a time is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.shown.flagged_rows import REMOVED, is_rare, scored_rows
from labelworks.tasks.execution.map_partitions import reduce_partitions
from labelworks.tasks.methods.review.label_tree import LabelTree
from labelworks.tasks.review.distances import DISTANCE, with_distance

KEPT = ["row", "given", REMOVED, DISTANCE]


@dataclass(frozen=True)
class AnsweredRows:
    """Rows that people answered about: by partition their numbers, and by id those nobody was sure of."""

    rows: Mapping[str, Sequence[int]]
    unsure: frozenset[str] = frozenset()

    def new(self, partition: Partition, table: pa.Table) -> NDArray[np.bool_]:
        """Which rows (n,) of a partition are none of these."""
        unsure = pc.is_in(table["id"], value_set=pa.array(sorted(self.unsure), pa.string()))
        known = np.isin(table["row"].to_numpy(), self.rows.get(partition.key, ()))
        return np.asarray(~(known | unsure.to_numpy(zero_copy_only=False)))


def candidates(
    artifacts: Artifacts, ref: DatasetRef, most: int, by_class: int, answered: AnsweredRows, *, treated: bool,
    tree: LabelTree | None = None,
) -> pa.Table:  # fmt: skip
    """Rows, where a look removes most first: `partition`, `row`, `given`, `removed`, `distance`, `rare`.

    At most so many, and of each given class by_class besides. answered: what is left out; treated: whether
    the run has treated its labels; tree: of the classes, by which errors are weighted.
    """

    def first(parts: Sequence[pa.Table]) -> pa.Table:
        return _first(pa.concat_tables(parts), most, by_class)

    return reduce_partitions(
        "review", candidates_of, first, ref.of("source"), unit="partitions listed", artifacts=artifacts,
        ref=ref, most=most, by_class=by_class, answered=answered, treated=treated, tree=tree,
    )  # fmt: skip


def candidates_of(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, most: int, by_class: int,
    answered: AnsweredRows, treated: bool, tree: LabelTree | None,
) -> pa.Table:  # fmt: skip
    """Those of one partition."""
    table = with_distance(scored_rows(partition, artifacts, ref, treated), partition, artifacts, ref, tree)
    table = table.filter(pa.array(answered.new(partition, table)))
    kept = table.select(KEPT).append_column("rare", pa.array(is_rare(table)))
    return _first(kept.append_column("partition", pa.repeat(partition.key, len(kept))), most, by_class)


def rank_in_class(given: NDArray[np.integer]) -> NDArray[np.int64]:
    """The number, from 0, of each of rows (n,) among those of its class."""
    order = np.argsort(given, kind="stable")
    starts = np.searchsorted(given[order], given[order])
    rank = np.empty(len(given), np.int64)
    rank[order] = np.arange(len(given)) - starts
    return rank


def _first(rows: pa.Table, most: int, by_class: int) -> pa.Table:
    """The rows where a look removes most, rare classes before all, and of each class some besides."""
    rare = rows["rare"].to_numpy(zero_copy_only=False)
    rows = rows.take(pa.array(np.lexsort((-rows[REMOVED].to_numpy(), ~rare))))
    kept = np.arange(len(rows)) < most
    if by_class:
        kept |= rank_in_class(rows["given"].to_numpy()) < by_class
    return rows.filter(pa.array(kept)).combine_chunks()
