"""A served pipeline for tests: `labelworks serve` in processes of its own, on loopback."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
import yaml

from tests.support.waiting import wait_for

TOKEN = "token-of-the-live-test"
START_SECONDS = 300


@dataclass
class Served:
    """`labelworks serve` on some configs; can be stopped, killed in part and started again."""

    folder: Path
    configs: list[Path]
    environment: dict[str, str] = field(default_factory=dict)
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    said: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start, and wait until every runner is ready."""
        ready = self.ready()
        command = [sys.executable, "-P", "-m", "labelworks.flows.cli.app", "serve", *map(str, self.configs)]
        options = ["--port", "0", "--listen", "127.0.0.1:0", "--state"]
        own = {"LABELWORKS_TEST": self.mark, "LABELWORKS_EVENTS_TOKEN": TOKEN, **self.environment}
        self.process = subprocess.Popen(
            [*command, *options, str(self.folder / "state")],
            env={**os.environ, **own}, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        threading.Thread(target=self._listen, args=(self.process,), daemon=True).start()
        wait_for(
            lambda: self.ready() >= ready + len(self.configs) or self.ended(), START_SECONDS, about="ready"
        )
        assert not self.ended(), self.said

    @property
    def port(self) -> int:
        """Of the Prefect server, since the last start."""
        return self._told("Prefect UI")

    @property
    def events(self) -> int:
        """Of the receiver, since the last start."""
        return self._told("events: POST")

    def _told(self, what: str) -> int:
        ports = [re.search(rf"{what}:? http://127\.0\.0\.1:(\d+)", line) for line in self.said]
        return int([port for port in ports if port][-1][1])

    def ready(self) -> int:
        return sum(line.endswith(": ready") for line in self.said)

    def ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        with process.stderr:
            for line in process.stderr:
                self.said.append(line.rstrip())

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, wait for the end, and see that no process is left; the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        code = self.process.wait(60)
        wait_for(lambda: not self.processes(), 30, about="the end of all processes")
        return code

    def processes(self) -> dict[int, str]:
        """Every living process of the tree: pid and command line."""
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if f"LABELWORKS_TEST={self.mark}".encode() in (process / "environ").read_bytes():
                    found[int(process.name)] = (process / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
        return found

    def pid(self, module: str) -> int:
        """The process that runs a module; of a Dask worker: `spawn_main`."""
        return wait_for(
            lambda: next((pid for pid, line in sorted(self.processes().items()) if module in line), 0),
            60, about=f"process {module}",
        )  # fmt: skip

    def kill(self, module: str) -> None:
        os.kill(self.pid(module), signal.SIGKILL)

    def api(self, path: str, body: Any = None) -> Any:
        """A read of the Prefect API."""
        answer = httpx.post(f"http://127.0.0.1:{self.port}/api{path}", json=body or {}, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def flow_runs(self, name: str = "reprocess") -> list[dict[str, Any]]:
        body = {"flows": {"name": {"any_": [name]}}, "sort": "START_TIME_ASC", "limit": 200}
        return list(self.api("/flow_runs/filter", body))

    def of(self, dataset: str) -> list[dict[str, Any]]:
        """The flow runs of one dataset."""
        runs = self.flow_runs()
        return [run for run in runs if run["parameters"]["config"]["dataset"]["name"] == dataset]

    def at_rest(self, dataset: str) -> bool:
        """Whether every run of a dataset is over."""
        return all(run["state_type"] == "COMPLETED" for run in self.of(dataset))

    def told(self, event: str) -> list[dict[str, Any]]:
        """Events of a name that the Prefect server has."""
        body = {"filter": {"event": {"name": [event]}, "order": "ASC"}, "limit": 50}
        return list(self.api("/events/filter", body)["events"])

    def post(self, body: Any, path: str = "/api/events", token: str = TOKEN) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}"}
        return httpx.post(f"http://127.0.0.1:{self.events}{path}", json=body, headers=headers, timeout=30)


@pytest.fixture
def token() -> str:
    """What the receiver wants to hear."""
    return TOKEN


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Makes served pipelines and ends whatever is left of them."""
    made: list[Served] = []

    def served(*configs: dict[str, Any], **environment: str) -> Served:
        files = []
        for config in configs:
            files.append(tmp_path / f"{config['dataset']['name']}.yaml")
            files[-1].write_text(yaml.safe_dump(config))
        made.append(Served(tmp_path, files, environment))
        return made[-1]

    yield served
    for each in made:
        for pid, line in each.processes().items():
            if any(
                module in line
                for module in ("labelworks.flows.served.runner", "labelworks.infra.events.source_watcher")
            ):
                os.kill(pid, signal.SIGUSR1)
        print(*each.said, sep="\n")  # shown where a test failed
        for pid in each.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


@dataclass
class Versions:
    """The published versions of a dataset in a local store."""

    root: Path
    dataset: str

    def numbers(self) -> list[int]:
        return sorted(int(path.stem) for path in (self.root / self.dataset / "versions").glob("*.json"))

    def record(self, number: int) -> dict[str, Any]:
        pointer = json.loads((self.root / self.dataset / f"versions/{number}.json").read_text())
        return dict(json.loads((self.root / pointer["manifest"]).read_text()))

    def ids(self, number: int) -> list[str]:
        """Ids of all rows of a version."""
        record = self.record(number)
        folder = self.root / self.dataset / "runs" / record["run_id"]
        return [each for part in record["parts"] for each in pq.read_table(folder / part)["id"].to_pylist()]

    def wait(self, number: int, seconds: float = 120) -> float:
        """Wait for a version; when it was published, in seconds since 1970."""
        file = self.root / self.dataset / f"versions/{number}.json"
        wait_for(file.exists, seconds, about=f"version {number}")
        return file.stat().st_mtime


@pytest.fixture
def versions(tmp_path: Path) -> Callable[[str], Versions]:
    """Reads the versions of a dataset of this test."""
    return lambda dataset: Versions(tmp_path / "store", dataset)
