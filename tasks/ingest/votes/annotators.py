"""How good each annotator is: what parts of the votes say, added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.findings import AnnotatorQuality
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.methods.crowd import Votes
from labelworks.tasks.methods.statistics.folds import fold_of, hash_ids

HELD_ANNOTATORS = 2_000_000  # counted once for each part that has votes of theirs
SHOWN_ANNOTATORS = 20  # those of the lowest quality


@dataclass(frozen=True)
class Annotators:
    """How many there are, how good a vote is on average, and those of the lowest quality."""

    count: int
    quality: float
    lowest: tuple[AnnotatorQuality, ...]


def write_annotators(artifacts: Artifacts, number: int, votes: Votes, posterior: NDArray[np.float32]) -> int:
    """Write how many votes of each annotator a part has, and how many are right; return how many have any.

    posterior (N, K): of the items of these votes.
    """
    counted = votes.per_annotator
    weight = posterior[votes.item, votes.answer]
    right = np.bincount(votes.annotator, weight, minlength=len(counted))
    some = counted > 0
    columns = {
        "annotator": pa.array(votes.annotators[some].astype(object), pa.string()),
        "votes": counted[some].astype(np.int64),
        "right": right[some],
    }
    artifacts.store.write_table(_sums(artifacts, number), pa.table(columns))
    return int(some.sum())


def merge_annotators(artifacts: Artifacts, rows: Sequence[int]) -> Annotators:
    """Add up what the parts say, some of the annotators at a time, and write them; rows: of each part."""
    groups = max(1, -(-sum(rows) // HELD_ANNOTATORS))
    count, votes, right = 0, 0, 0.0
    lowest: list[AnnotatorQuality] = []
    for group in range(groups):
        sums = [_group(artifacts, number, group, groups) for number in range(len(rows))]
        table = pa.concat_tables(sums).group_by("annotator", use_threads=False)
        added = table.aggregate([("votes", "sum"), ("right", "sum")]).sort_by("annotator")
        quality = pc.cast(pc.divide(added["right_sum"], added["votes_sum"]), pa.float32())
        merged = pa.table(
            [added["annotator"], added["votes_sum"], quality], ["annotator", "votes", "quality"]
        )
        artifacts.store.write_table(artifacts.file("ingest", f"annotators/part-{group:05d}.parquet"), merged)
        count += merged.num_rows
        votes += pc.sum(added["votes_sum"]).as_py() or 0
        right += pc.sum(added["right_sum"]).as_py() or 0.0
        lowest = _lowest([*lowest, *_shown(merged)])
    return Annotators(count, right / max(votes, 1), tuple(lowest))


def _sums(artifacts: Artifacts, number: int) -> str:
    return artifacts.file("ingest", f"annotators-of-parts/part-{number:05d}.parquet")


def _group(artifacts: Artifacts, number: int, group: int, groups: int) -> pa.Table:
    """What a part says of the annotators of a group, which they belong to by name."""
    table = artifacts.store.read_table(_sums(artifacts, number))
    if groups == 1:
        return table
    place = fold_of(hash_ids(table["annotator"].combine_chunks()), groups)
    return table.filter(pa.array(place == group))


def _shown(told: pa.Table) -> list[AnnotatorQuality]:
    """The lowest of some annotators."""
    order = [("quality", "ascending"), ("annotator", "ascending")]
    rows = told.take(pc.select_k_unstable(told, k=min(SHOWN_ANNOTATORS, told.num_rows), sort_keys=order))
    return [AnnotatorQuality(**row) for row in rows.to_pylist()]


def _lowest(found: list[AnnotatorQuality]) -> list[AnnotatorQuality]:
    return sorted(found, key=lambda each: (each.quality, each.annotator))[:SHOWN_ANNOTATORS]
