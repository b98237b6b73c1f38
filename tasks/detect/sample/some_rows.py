"""A bounded number of rows of a few partitions: the same rows, as long as these partitions are there."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.records import Partition
from labelworks.tasks.methods.statistics.folds import hash_ids

UNKNOWN = 4  # partitions at most whose rows aren't known before they are read


def some_partitions(partitions: Sequence[Partition], rows: int) -> list[Partition]:
    """Partitions in the order of their keys, which are hashes, until their rows are enough."""
    chosen: list[Partition] = []
    held = 0
    for partition in sorted(partitions, key=lambda each: each.key):
        if held >= rows:
            break
        chosen.append(partition)
        held += partition.rows or math.ceil(rows / UNKNOWN)
    return chosen


def some_rows(ids: pa.Array, most: int) -> NDArray[np.intp]:
    """Places of at most so many rows of a partition, in order: those with the lowest hashes of their ids."""
    return np.sort(np.argsort(hash_ids(ids), kind="stable")[:most])
