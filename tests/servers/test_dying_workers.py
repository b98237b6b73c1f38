"""A worker is killed in every stage: the run goes on, and publishes what an undisturbed one does."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from labelworks.flows.execute import execute
from labelworks.infra.cluster.cluster import settings
from labelworks.schemas.config.run import ComputeConfig
from labelworks.tasks.execution.map_partitions import map_partitions, reduce_partitions
from labelworks.tasks.execution.progress import Silent, telling
from tests.support.waiting import wait_for

pytestmark = pytest.mark.usefixtures("prefect_api")
HALF = 25
PARTS, ROWS = 18, 30  # many small partitions: a stage has more to do when its first is done
KILLED_IN = {
    ("ingest", "source partitions"), ("embed", "groups"), ("embed", "partitions summed"),
    ("detect", "partitions scored"), ("treat", "partitions"), ("publish", "partitions"),
}  # fmt: skip


class Killer(Silent):
    """Kills a worker when the first part of a piece of work is done, once all of them are alive."""

    def __init__(self, cluster: Any, where: set[tuple[str, str]], folder: Path) -> None:
        self.cluster, self.where, self.folder = cluster, where, folder
        self.killed: set[tuple[str, str]] = set()

    def advance(
        self, stage: str, done: int, total: int, *, unit: str = "partitions", rows: int = 0, size: int = 0
    ) -> None:
        if (stage, unit) not in self.where - self.killed or done == total:
            return
        self.killed.add((stage, unit))
        self.cluster.wait_for_workers(len(self.cluster.workers), timeout=60)
        nanny = next(iter(self.cluster.workers.values()))
        os.kill(nanny.pid, signal.SIGKILL)
        (self.folder / stage).touch()


@contextmanager
def cluster(workers: int) -> Iterator[Any]:
    """Workers on this machine, as a run starts them."""
    import dask
    from distributed import LocalCluster

    with dask.config.set(settings(ComputeConfig())), LocalCluster(
        n_workers=workers, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0",
        silence_logs=50,
    ) as started:  # fmt: skip
        yield started


@pytest.mark.filterwarnings("ignore")
def test_the_only_worker_killed_in_each_stage_changes_nothing(
    made: Any, run_config: Any, published: Any, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    pq.write_table(made(rows=PARTS * ROWS).table, tmp_path / "data/rows.parquet", row_group_size=ROWS)
    whole = run_config(tmp_path / "data", compute={"partition_rows": ROWS})
    execute(whole)
    with cluster(1) as one:
        disturbed = run_config(
            tmp_path / "data",
            store={"root": str(tmp_path / "disturbed")},
            compute={"partition_rows": ROWS, "scheduler": one.scheduler_address},
        )
        killer = Killer(one, KILLED_IN, tmp_path)
        record = execute(disturbed, progress=killer)
    assert killer.killed == KILLED_IN
    assert (record.status, record.version) == ("published", 1)
    assert published(disturbed, all_columns=True).equals(published(whole, all_columns=True))


def doubled(item: int, shared: int, killed: Path) -> int:
    if item >= HALF:  # so that a worker dies while there is work left
        wait_for(killed.exists)
    return item * shared


@pytest.mark.filterwarnings("ignore")
def test_results_that_one_of_two_workers_held_are_made_again(tmp_path: Path) -> None:
    from distributed import Client

    with cluster(2) as two, Client(two):
        killer = Killer(two, {("a", "partitions"), ("b", "partitions")}, tmp_path)
        with telling(killer):
            items = range(2 * HALF)
            results = map_partitions("a", doubled, items, shared=2, killed=tmp_path / "a")
            total = reduce_partitions("b", doubled, sum, items, shared=2, killed=tmp_path / "b")
    assert (results, total) == ([2 * item for item in items], 2 * sum(items))
    assert killer.killed == killer.where
