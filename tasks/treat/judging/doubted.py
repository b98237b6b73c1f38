"""The rows where a look removes most expected error, and the classes that they may be of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.scores import read_judged
from labelworks.tasks.artifacts.soft_labels import LEFT_OUT, spread
from labelworks.tasks.execution.map_partitions import map_partitions, reduce_partitions
from labelworks.tasks.methods.judges.heard import Listed
from labelworks.tasks.methods.judges.question import LISTED, candidates
from labelworks.tasks.methods.statistics.folds import hash_ids
from labelworks.tasks.methods.treatment.decisions import RELABEL, decide
from labelworks.tasks.methods.treatment.review_order import removed_by_look
from labelworks.tasks.treat.dataset_cut import judged_labels
from labelworks.tasks.treat.treated import Basis

CLAIMS = ["row", "given", "suggestion", "error_probability", "suggested_probability", "posterior", *LEFT_OUT]
Claimed = tuple[NDArray[np.int64], NDArray[np.float64]]  # classes that are listed, P(the row is of them)
AUDITED = 2.0  # in the place of an expected error: rows that people looked at come first


@dataclass(frozen=True, eq=False)
class Doubted:
    """Rows (n,) in the order of their expected error: partition (a key), row, id, hash, given, left."""

    rows: pa.Table
    listed: Listed


def doubted(
    most: int, artifacts: Artifacts, ref: DatasetRef, basis: Basis, audited: Collection[str]
) -> Doubted:
    """At most so many rows: those that were audited, by their ids, and those where most error is left."""

    def first(parts: Sequence[pa.Table]) -> pa.Table:
        return _first(pa.concat_tables(parts), most)

    heaps = reduce_partitions(
        "treat", doubted_of, first, ref.of("source"), unit="partitions doubted",
        artifacts=artifacts, ref=ref, basis=basis, most=most, audited=frozenset(audited),
    )  # fmt: skip
    return _with_claims(heaps, artifacts, ref)


def doubted_of(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, basis: Basis, most: int,
    audited: frozenset[str],
) -> pa.Table:  # fmt: skip
    """Those of one partition: what is left of a label's error is what a look is expected to remove of it."""
    scores = read_judged(artifacts, ref, partition)
    rows = judged_labels(scores, basis)
    changed = decide(rows, basis.cut, relabel=basis.policy.relabels).action == RELABEL
    left = removed_by_look(rows.error_probability, rows.suggested, rows.claim, changed).astype(np.float64)
    left[pc.is_in(scores["id"], pa.array(sorted(audited), pa.string())).to_numpy()] = AUDITED
    table = pa.table(
        {
            "partition": pa.repeat(partition.key, len(scores)),
            **{name: scores[name] for name in ("row", "id", "given")},
            "hash": hash_ids(scores["id"].combine_chunks()),
            "left": left,
        }
    )
    return _first(table, most)


def claims_of(item: tuple[Partition, list[int]], artifacts: Artifacts, ref: DatasetRef) -> list[Claimed]:
    """Of some rows of a partition the classes that are listed, and P(the row is of them)."""
    partition, rows = item
    scores = artifacts.store.read_table(artifacts.scores(ref, partition), CLAIMS, may_lack=LEFT_OUT)
    held = scores.take(np.searchsorted(scores["row"].to_numpy(), rows)).to_pylist()
    return [_listed(row, len(ref.classes)) for row in held]


def _listed(row: dict[str, Any], classes: int) -> Claimed:
    given, suggestion = row["given"], row["suggestion"]
    if row["posterior"] is not None:
        posterior = np.asarray(row["posterior"], np.float64)
    elif row.get("likeliest") is not None:
        posterior = spread(row["likeliest"], row["likeliest_probability"], classes)
    else:
        posterior = None
    if posterior is not None:
        listed = candidates(posterior, given)
        return listed, posterior[listed]
    wrong, suggested = row["error_probability"], row["suggested_probability"]
    claimed = wrong if suggested is None else suggested
    listed = np.arange(classes) if classes <= LISTED else np.unique([given, suggestion])
    others = max(0.0, wrong - claimed) / max(1, classes - 2)
    posterior = np.full(len(listed), others)
    posterior[listed == suggestion] = claimed
    posterior[listed == given] = 1.0 - wrong
    return listed, posterior


def _first(rows: pa.Table, most: int) -> pa.Table:
    return rows.take(np.lexsort((rows["hash"].to_numpy(), -rows["left"].to_numpy()))[:most])


def by_partition(rows: pa.Table, ref: DatasetRef) -> dict[str, tuple[Partition, NDArray[np.int64]]]:
    """By key the partition, and the places of its rows in a table with a column of keys."""
    keys = rows["partition"].to_numpy(zero_copy_only=False)
    return {
        part.key: (part, np.flatnonzero(keys == part.key))
        for part in ref.of("source")
        if (keys == part.key).any()
    }


def _with_claims(rows: pa.Table, artifacts: Artifacts, ref: DatasetRef) -> Doubted:
    held, row = by_partition(rows, ref), rows["row"].to_numpy()
    items = [(part, row[places].tolist()) for part, places in held.values()]
    with_claims = map_partitions("treat", claims_of, items, artifacts=artifacts, ref=ref)
    claims: dict[int, Claimed] = {}
    for (_, places), there in zip(held.values(), with_claims, strict=True):
        claims |= zip(places.tolist(), there, strict=True)
    return Doubted(rows, Listed.of([claims[place] for place in range(len(row))], rows["given"].to_numpy()))
