"""Groups of partitions, each one task: large ones first, then ever smaller, so that workers end together."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.records import Partition

HALVES = 2  # groups that a worker's share of what is left would make
MOST = 16  # partitions of a group: a worker that dies loses no more, and progress is told as often


def shares(partitions: Sequence[Partition], workers: int) -> list[list[Partition]]:
    """Cut partitions into groups for so many workers: each is half of a worker's share of what is left.

    It is of MOST partitions at most. A task costs about 0.1 s, so there should be few; a worker waits for the
    others' last one, so the last should be small. The largest partitions come first. Source: Polychronopoulos
    & Kuck 1987.
    """
    waiting = sorted(partitions, key=lambda each: each.size, reverse=True)[::-1]
    left = sum(_cost(each) for each in waiting)
    groups: list[list[Partition]] = []
    while waiting:
        share, group = left / (HALVES * workers), [waiting.pop()]
        cost = _cost(group[0])
        while waiting and len(group) < MOST and cost + _cost(waiting[-1]) / 2 <= share:
            group.append(waiting.pop())
            cost += _cost(group[-1])
        left -= cost
        groups.append(group)
    return groups


def _cost(partition: Partition) -> int:
    return partition.size + 1  # also of partitions whose size nobody knows
