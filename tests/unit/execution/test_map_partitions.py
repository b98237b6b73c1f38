"""What a stage sends to the scheduler, and in what order its results come back."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from labelworks.schemas.errors import InputError, LabelworksError
from labelworks.schemas.records import Partition, Piece
from labelworks.tasks.execution.map_partitions import FAN_IN, TAKEN, map_partitions, reduce_partitions

COUNT = 2000
LARGE = b"x" * 3_000_000


@pytest.fixture(scope="module")
def client() -> Any:
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=1, threads_per_worker=2, processes=False, protocol="tcp://", host="127.0.0.1",
            dashboard_address="127.0.0.1:0", silence_logs=40,
        ) as cluster,
        Client(cluster) as client,
    ):  # fmt: skip
        yield client


def partition(number: int) -> Partition:
    groups = tuple(range(number * 8, number * 8 + 8))
    piece = Piece(file="rows.parquet", path="bucket/data/rows.parquet", format="parquet", row_groups=groups)
    return Partition(key=f"{number:020x}", pieces=(piece,))


def size_of(item: Partition, large: bytes) -> int:
    return len(large) + int(item.key, 16)


def refuse(item: Partition) -> int:
    if item.key.endswith("3"):
        raise InputError("bad", where=item.key)
    return 0


@contextmanager
def graph_bytes(sizes: list[int]) -> Iterator[None]:
    """Collects how large the graphs are that are sent to the scheduler: Dask warns of those over a size."""
    import dask

    with (
        dask.config.set({"distributed.admin.large-graph-warning-threshold": 1}),
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter("always")
        yield
    said = [re.search(r"large graph of size ([\d.]+ \w+)", str(warning.message)) for warning in caught]
    sizes += [dask.utils.parse_bytes(size[1]) for size in said if size]


def test_the_graph_of_many_partitions_is_small_and_its_results_are_in_order(client: Any) -> None:
    sizes: list[int] = []
    with graph_bytes(sizes):
        partitions = [partition(number) for number in range(COUNT)]
        results = map_partitions("ingest", size_of, partitions, large=LARGE)
    assert results == [len(LARGE) + number for number in range(COUNT)]
    # What tasks share is not in it, and a partition takes less than 1 kB.
    assert 0 < sum(sizes) < COUNT * 1000


def one_each(item: Partition, large: bytes) -> int:
    return 1


def test_the_graph_of_a_reduction_is_small(client: Any) -> None:
    items, sizes = list(enumerate(partition(number) for number in range(COUNT))), list[int]()
    with graph_bytes(sizes):
        assert reduce_partitions("embed", one_each, sum, items, large=LARGE) == COUNT
    assert 0 < sum(sizes) < COUNT * 2000  # a partition, and its share of what combines eight of them


class Held:
    """A result on the worker; how many there are, and were at most."""

    alive = most = 0
    lock = threading.RLock()

    def __init__(self) -> None:
        with Held.lock:
            Held.alive += 1
            Held.most = max(Held.most, Held.alive)

    def __del__(self) -> None:
        with Held.lock:
            Held.alive -= 1


BEGIN = threading.Event()


def hold(item: int, **shared: int) -> Held:
    BEGIN.wait()
    time.sleep(0.01)  # work that takes longer than to say that it is done
    return Held()


def test_results_are_combined_before_further_ones_are_made(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dask computes leaves first that were sent before what combines them, and share five values or more."""
    BEGIN.clear()
    submit, combined = client.submit, 16 + 2 + 1
    sent: list[int] = []

    def later(*arguments: Any, **options: Any) -> Any:
        future = submit(*arguments, **options, fifo_timeout="0 s")  # of no age with what was sent before
        sent.append(1)
        if len(sent) == combined:
            BEGIN.set()
        return future

    monkeypatch.setattr(client, "submit", later)
    reduce_partitions("embed", hold, lambda parts: Held(), range(16 * FAN_IN), a=1, b=2, c=3, d=4, e=5)
    assert len(sent) == combined
    assert FAN_IN <= Held.most <= 5 * FAN_IN


def die(item: Partition) -> int:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.filterwarnings("ignore")
def test_a_partition_that_keeps_killing_workers_is_said_to() -> None:
    import dask
    from distributed import Client, LocalCluster

    told = {"distributed.scheduler.allowed-failures": 1}
    with (
        dask.config.set(told),
        LocalCluster(
            n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0",
            silence_logs=50,
        ) as cluster,
        Client(cluster),
        pytest.raises(LabelworksError, match=r"ingest: workers keep dying at one partition, 2 of them"),
    ):  # fmt: skip
        map_partitions("ingest", die, [partition(0)])


def test_an_error_of_one_partition_is_raised_as_it_is(client: Any) -> None:
    with pytest.raises(InputError, match="0003: bad"):
        map_partitions("ingest", refuse, [partition(number) for number in range(5)])


def test_a_name_that_dask_takes_is_refused_without_a_cluster_too() -> None:
    import inspect

    from distributed import Client

    parameters = inspect.signature(Client.map).parameters.values()
    assert {each.name for each in parameters if each.kind is each.KEYWORD_ONLY} == TAKEN
    with pytest.raises(TypeError, match="Dask takes key"):
        map_partitions("detect", lambda item, key: item, [1], key="k")
    with pytest.raises(TypeError, match="Dask takes key"):
        reduce_partitions("detect", lambda item, key: item, sum, [1], key="k")
