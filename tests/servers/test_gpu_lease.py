"""A GPU whose worker was killed: it stays held until the lease has run out, and no longer."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from labelworks.infra.prefect_server import server as api
from labelworks.infra.processes.serving import LOOPBACK, listener, reserved
from labelworks.tasks.embed.stage import LEASE_SECONDS

WORKER = """
import signal
from labelworks.tasks.embed.stage import turn
input()
with turn("cuda"):
    print("holds", flush=True)
    signal.pause()
"""
MOMENT = re.compile(r'"\d{4}-\d\d-\d\dT[^"]+"')
Worker = subprocess.Popen[bytes]


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Of servers that keep their state in a folder of the test and always look for leases that ran out."""
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    monkeypatch.setenv("PREFECT_SERVER_SERVICES_REPOSSESSOR_LOOP_SECONDS", "0.2")
    monkeypatch.setenv("PREFECT_SERVER_CONCURRENCY_MAXIMUM_CONCURRENCY_SLOT_WAIT_SECONDS", "0.2")
    with reserved() as port:  # two servers after each other have it
        yield f"http://{LOOPBACK}:{port}/api"


@pytest.fixture
def workers(address: str) -> Iterator[list[Worker]]:
    """Three processes that ask for the same GPU when they are told to."""
    environment = os.environ | {"PREFECT_API_URL": address, "CUDA_VISIBLE_DEVICES": "7"}
    command = [sys.executable, "-c", WORKER]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    running = [subprocess.Popen(command, env=environment, bufsize=0, **pipes) for _ in range(3)]
    yield running
    for worker in running:
        worker.kill()
        worker.communicate()


@contextmanager
def server(address: str) -> Iterator[None]:
    with api.server(listener(port=urlsplit(address).port or 0)) as (url, ready):
        assert ready() == url == address
        yield


def ask(worker: Worker) -> None:
    assert worker.stdin is not None
    worker.stdin.write(b"\n")


def holds(worker: Worker, within: float = 60) -> bool:
    """Whether a worker that asked gets the GPU within so many seconds."""
    assert worker.stdout is not None
    ready, _, _ = select.select([worker.stdout], [], [], within)
    return bool(ready) and worker.stdout.readline() == b"holds\n"


def run_out(home: Path) -> None:
    """Let the time of all leases pass: set back what they say of when they end."""
    written = {file: file.read_text() for file in home.glob("concurrency_leases/*.json")}
    ends = max(
        datetime.fromisoformat(each[1:-1]) for text in written.values() for each in MOMENT.findall(text)
    )
    assert 0 < (ends - datetime.now(UTC)).total_seconds() <= LEASE_SECONDS
    for file, text in written.items():
        file.write_text(MOMENT.sub('"2020-01-01T00:00:00+00:00"', text))


def test_a_gpu_is_free_when_the_lease_of_its_killed_worker_has_run_out_also_after_a_restart_of_the_api(
    address: str, workers: list[Worker], tmp_path: Path
) -> None:
    first, second, third = workers
    with server(address):
        ask(first)
        assert holds(first)
        ask(second)
        first.kill()
        assert not holds(second, within=1)
        run_out(tmp_path)
        assert holds(second)
        second.kill()
    with server(address):
        ask(third)
        assert not holds(third, within=1)
        run_out(tmp_path)
        assert holds(third)
