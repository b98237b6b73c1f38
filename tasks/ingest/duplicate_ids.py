"""Ids that occur more than once in a window, found by their hashes, of which a range is held at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.records import Partition
from labelworks.schemas.tables import REJECTED
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.rejected import rejected_rows
from labelworks.tasks.execution.map_partitions import map_partitions

ENTRY = np.dtype([("hash", "<u8"), ("place", "<u4")])  # of one id: its hash, its place in the index
READS_AT_ONCE = 16
COMPARED_IDS = 4_000_000  # whose hashes are held at a time to find those that occur twice
NAMED = ["row", "id", "label"]


def mark_duplicates(
    artifacts: Artifacts, window: str, found: list[tuple[Partition, int]], label_type: str
) -> list[Partition]:
    """Write down the rows whose id occurred before; return the partitions with their counts.

    found: the partitions of a window, and how many rows each has.
    """
    partitions = [partition for partition, _ in found]
    again = repeated_ids(artifacts, partitions, sum(rows for _, rows in found), label_type)
    marked, tables = [], [REJECTED.empty_table()]
    for partition, places in zip(partitions, again, strict=True):
        if len(places):
            digest = hashlib.blake2b(places.tobytes(), digest_size=4).hexdigest()
            partition = partition.model_copy(update={"duplicates": len(places), "without": digest})
            name = artifacts.index(label_type, partition)
            index = artifacts.store.read_table(name, [*NAMED, "file", "file_row"])
            rows = index.take(pa.array(places))
            part = artifacts.part("ingest/duplicates", partition)
            artifacts.store.write_table(part, rows.select(["row", "id"]))
            reasons = pa.array(["duplicated id"] * len(places), pa.string())
            tables.append(rejected_rows(rows, reasons, rows["id"]))
        marked.append(partition)
    name = artifacts.file("ingest", f"duplicates-{window}.parquet")
    artifacts.store.write_table(name, pa.concat_tables(tables))
    return marked


def repeated_ids(
    artifacts: Artifacts, partitions: list[Partition], rows: int, label_type: str
) -> list[NDArray[np.int64]]:
    """For each partition, places in its index (n,) of the rows whose id occurred before, in order."""
    ranges = max(1, -(-rows // COMPARED_IDS))
    starts = None
    if ranges > 1:
        starts = np.stack(
            map_partitions(
                "ingest", sort_ids, partitions, unit="partitions whose ids are sorted",
                artifacts=artifacts, label_type=label_type, ranges=ranges,
            )
        )  # fmt: skip
    repeated = map_partitions(
        "ingest", find_duplicates, range(ranges) if partitions else (), unit="ranges of the ids compared",
        artifacts=artifacts, partitions=partitions, label_type=label_type, starts=starts,
    )  # fmt: skip
    if starts is not None:
        map_partitions("ingest", drop_sorted, partitions, unit="partitions cleared", artifacts=artifacts)
    return [np.sort(np.concatenate(again)) for again in zip(*repeated, strict=True)]


def sort_ids(partition: Partition, artifacts: Artifacts, label_type: str, ranges: int) -> NDArray[np.int64]:
    """Write the hashes of a partition's ids in order; return where each range begins (ranges + 1,).

    So whoever compares a range reads that of each partition and no more.
    """
    hashes = _hashes(artifacts, label_type, partition)
    order = np.argsort(hashes, kind="stable")
    entries = np.empty(len(hashes), dtype=ENTRY)
    entries["hash"], entries["place"] = hashes[order], order
    artifacts.store.write(_sorted(artifacts, partition), entries.tobytes())
    # ranges are equal parts of the upper 32 bits
    owners = (entries["hash"] >> np.uint64(32)) * np.uint64(ranges) >> np.uint64(32)
    return np.searchsorted(owners, np.arange(ranges + 1)).astype(np.int64)


def drop_sorted(partition: Partition, artifacts: Artifacts) -> None:
    """Remove what was written to compare a partition's ids."""
    artifacts.store.delete(_sorted(artifacts, partition))


def find_duplicates(
    number: int,
    artifacts: Artifacts,
    partitions: Sequence[Partition],
    label_type: str,
    starts: NDArray[np.int64] | None = None,
) -> list[NDArray[np.int64]]:
    """For each partition, which entries of its index have an id that occurred before, in their order.

    Ids are looked at whose hash falls into one range. starts (partitions, ranges + 1): where each range of
    the sorted ones begins; None: there is one range, of all.
    """

    def entries(place: int) -> NDArray[np.void]:
        if starts is None:
            hashes = _hashes(artifacts, label_type, partitions[place])
            return np.rec.fromarrays([hashes, np.arange(len(hashes))], dtype=ENTRY)
        first, last = starts[place, number : number + 2] * ENTRY.itemsize
        data = artifacts.store.read_range(_sorted(artifacts, partitions[place]), int(first), int(last))
        return np.frombuffer(data, ENTRY)

    with ThreadPoolExecutor(READS_AT_ONCE) as pool:
        entries_of_parts = list(pool.map(entries, range(len(partitions))))
    hashes = np.concatenate([part["hash"] for part in entries_of_parts])
    order = np.argsort(hashes, kind="stable")
    again = np.zeros(len(hashes), dtype=bool)
    again[order[1:]] = hashes[order[1:]] == hashes[order[:-1]]
    split = np.split(again, np.cumsum([len(part) for part in entries_of_parts])[:-1])
    return [
        entries_of["place"][repeated].astype(np.int64)
        for entries_of, repeated in zip(entries_of_parts, split, strict=True)
    ]


def _hashes(artifacts: Artifacts, label_type: str, partition: Partition) -> NDArray[np.uint64]:
    table = artifacts.store.read_table(artifacts.index(label_type, partition), ["hash"])
    return np.asarray(table["hash"].to_numpy())


def _sorted(artifacts: Artifacts, partition: Partition) -> str:
    return artifacts.file("ingest", f"ids/{partition.key}")
