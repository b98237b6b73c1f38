"""Ids that occur more than once in a window, found by their hashes, of which a range is held at a time."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.records import Partition
from labelworks.tasks.artifacts.artifacts import Artifacts

ENTRY = np.dtype([("hash", "<u8"), ("place", "<u4")])  # of one id: its hash, its place in the index
READS_AT_ONCE = 16


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
        found = list(pool.map(entries, range(len(partitions))))
    hashes = np.concatenate([each["hash"] for each in found])
    order = np.argsort(hashes, kind="stable")
    again = np.zeros(len(hashes), dtype=bool)
    again[order[1:]] = hashes[order[1:]] == hashes[order[:-1]]
    split = np.split(again, np.cumsum([len(each) for each in found])[:-1])
    return [each["place"][repeated].astype(np.int64) for each, repeated in zip(found, split, strict=True)]


def _hashes(artifacts: Artifacts, label_type: str, partition: Partition) -> NDArray[np.uint64]:
    table = artifacts.store.read_table(artifacts.index(label_type, partition), ["hash"])
    return np.asarray(table["hash"].to_numpy())


def _sorted(artifacts: Artifacts, partition: Partition) -> str:
    return artifacts.file("ingest", f"ids/{partition.key}")
