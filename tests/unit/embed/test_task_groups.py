"""Groups of partitions: all are in one, the first are large, the last small, and workers end together."""

import heapq

import numpy as np
import pytest

from labelworks.schemas.records import Partition
from labelworks.tasks.embed.task_groups import MOST, shares


def partitions(sizes: list[int]) -> list[Partition]:
    piece = {"file": "f", "path": "p", "format": "parquet"}
    return [
        Partition.model_validate({"key": f"{n}", "window": "source", "pieces": [{**piece, "size": size}]})
        for n, size in enumerate(sizes)
    ]


def ends(groups: list[list[Partition]], workers: int) -> list[float]:
    """When each worker ends that takes the next group whenever it is free."""
    clocks = [0.0] * workers
    for group in groups:
        heapq.heapreplace(clocks, clocks[0] + sum(each.size for each in group))
    return clocks


@pytest.mark.parametrize(("count", "workers"), [(1, 4), (8, 2), (9, 2), (100, 3), (1000, 64)])
def test_every_partition_is_in_one_group_and_workers_end_together(count: int, workers: int) -> None:
    sizes = np.random.default_rng(count).integers(50, 151, count).tolist()
    groups = shares(partitions(sizes), workers)
    assert sorted(each.size for group in groups for each in group) == sorted(sizes)
    assert len({each.key for group in groups for each in group}) == count
    clocks = ends(groups, workers)
    assert max(clocks) - min(clocks) <= max(sizes)
    assert len(groups[-1]) == 1


def test_equal_partitions_make_few_groups_that_shrink() -> None:
    assert [len(each) for each in shares(partitions([10] * 8), 2)] == [3, 3, 1, 1]
    lengths = [len(each) for each in shares(partitions([10] * 200), 2)]
    assert lengths == sorted(lengths, reverse=True)
    assert len(lengths) < 30


def test_a_group_is_never_more_than_some_partitions_however_many_there_are() -> None:
    lengths = [len(each) for each in shares(partitions([10] * 10_000), 2)]
    assert max(lengths) == MOST == lengths[-20]
    assert len(lengths) < 10_000 / MOST + 20


def test_the_largest_come_first_and_sizes_may_be_unknown() -> None:
    groups = shares(partitions([1, 900, 2, 3]), 2)
    assert groups[0][0].size == 900
    assert sum(len(each) for each in shares(partitions([0] * 5), 2)) == 5
    assert shares([], 2) == []
