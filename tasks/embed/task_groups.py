"""Groups of partitions, each one task: large ones first, then ever smaller, so that workers end together."""

from __future__ import annotations

from collections.abc import Sequence

from labelworks.schemas.records import Partition

ROUND = 0.75  # of what is left is given out in a round, one group to each worker
MOST = 16  # partitions of a group: a worker that dies loses no more, and progress is told as often


def shares(partitions: Sequence[Partition], workers: int) -> list[list[Partition]]:
    """Cut partitions into groups for so many workers, in rounds of ever smaller ones, the largest first.

    A group is of MOST partitions at most. A task costs about 0.2 s, so there should be few; a worker waits
    for the others' last one, so the last should be small. Source: Hummel, Schonberg & Flynn 1992 (factoring).
    """
    waiting = sorted(partitions, key=lambda each: each.size, reverse=True)[::-1]
    left = sum(_cost(partition) for partition in waiting)
    groups: list[list[Partition]] = []
    while waiting:
        share = ROUND * left / workers
        given = [_group(waiting, share) for _ in range(workers) if waiting]
        left -= sum(_cost(partition) for group in given for partition in group)
        groups += given
    return groups


def _group(waiting: list[Partition], share: float) -> list[Partition]:
    """Take partitions off the end, one at least, while they come nearer to the share."""
    group = [waiting.pop()]
    cost = _cost(group[0])
    while waiting and len(group) < MOST and cost + _cost(waiting[-1]) / 2 <= share:
        group.append(waiting.pop())
        cost += _cost(group[-1])
    return group


def _cost(partition: Partition) -> int:
    return partition.size + 1  # also of partitions whose size nobody knows
