"""Distance in a hierarchy of classes as the cost of a wrong label, of the rows of a partition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.tables import ACTIONS
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.shown.flagged_rows import REMOVED
from labelworks.tasks.artifacts.soft_labels import LEFT_OUT, SOFT_CLASSES
from labelworks.tasks.methods.review.label_tree import LabelTree
from labelworks.tasks.methods.treatment.decisions import RELABEL

DISTANCE, CLAIMED = "distance", "suggested_probability"


def with_distance(
    table: pa.Table, partition: Partition, artifacts: Artifacts, ref: DatasetRef, tree: LabelTree | None
) -> pa.Table:
    """All rows of a partition with DISTANCE, and REMOVED times that; null where there is no hierarchy.

    DISTANCE: how far from the label as treated the true class is expected to be, if it is another one.
    """
    if tree is None:
        return table.append_column(DISTANCE, pa.nulls(len(table), pa.float64()))
    changed = pc.equal(table["action"], ACTIONS[RELABEL]).to_numpy()
    label = np.where(changed, table["suggestion"].to_numpy(), table["given"].to_numpy())
    away = tree.distance_if_wrong(label, *_shares(partition, artifacts, ref, table))
    place = table.column_names.index(REMOVED)
    weighted = pa.array(table[REMOVED].to_numpy() * away)
    return table.set_column(place, REMOVED, weighted).append_column(DISTANCE, pa.array(away))


def _shares(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, table: pa.Table
) -> tuple[NDArray[np.floating], NDArray[np.integer] | None]:
    """How likely classes are (n, m), and their codes; where scores don't keep that, of two of them."""
    names = ["posterior"] if len(ref.classes) <= SOFT_CLASSES else [*LEFT_OUT]
    name = artifacts.scores(ref, partition)
    held = artifacts.store.read_table(name, [*names, CLAIMED], may_lack=(*names, CLAIMED))
    if all(name in held.column_names and not held[name].null_count for name in names):
        lists = [_dense(held[name]) for name in names]
        return (lists[0], None) if len(lists) == 1 else (lists[1], lists[0])
    given, other = table["given"].to_numpy(), table["suggestion"].to_numpy()
    wrong = table["error_probability"].to_numpy().astype(np.float64)
    alike = wrong / max(len(ref.classes) - 1, 1)
    claimed = pc.fill_null(held[CLAIMED], 0.0).to_numpy() if CLAIMED in held.column_names else alike
    alone = given == other
    codes = np.stack([given, np.where(alone, (given + 1) % len(ref.classes), other)], axis=1)
    return np.stack([1 - wrong, np.where(alone, alike, claimed)], axis=1), codes


def _dense(lists: pa.ChunkedArray) -> NDArray[Any]:
    flat: NDArray[Any] = lists.combine_chunks().flatten().to_numpy()
    return flat.reshape(len(lists), -1)
