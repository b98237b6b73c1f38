"""Live: a deployment, an event that is posted to its server, a worker that runs it when a person agrees."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
import yaml

from tests.support.waiting import wait_for

pytestmark = pytest.mark.timeout(900)

HALTED = {"PAUSED", "COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


def test_an_event_on_the_server_leads_to_a_run_by_a_worker_that_a_person_lets_go_on(
    served: Any, versions: Any, made: Any, raw_config: Any, tmp_path: Path
) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        pq.write_table(made(rows=400).table, tmp_path / name / "rows.parquet")
    here = raw_config(tmp_path / "here", dataset={"name": "here"}, compute={"workers": 1})
    there = raw_config(
        tmp_path / "there", dataset={"name": "there"}, compute={"workers": 1}, treat={"approve_over": 0.001}
    )
    (tmp_path / "worker.yaml").write_text(yaml.safe_dump(there))
    live = served(here)
    live.start()
    api = f"http://127.0.0.1:{live.port}/api"
    environment = {**os.environ, "PREFECT_API_URL": api, "LABELWORKS_TEST": live.mark}
    command = [
        sys.executable,
        "-m",
        "labelworks.flows.cli.app",
        "deploy",
        str(tmp_path / "worker.yaml"),
        "--on-change",
    ]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    worker = subprocess.Popen(
        [str(Path(sys.executable).parent / "prefect"), "worker", "start", "--pool", "labelworks"],
        env={**environment, "PREFECT_WORKER_QUERY_SECONDS": "2"}, cwd=tmp_path,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    payload = {"dataset": "there", "added": ["a <b>.parquet"]}
    event = {
        "id": "00000000-0000-4000-8000-000000000001", "event": "labelworks.dataset.changed",
        "payload": payload, "occurred": "2026-01-01T00:00:00Z",
        "resource": {"prefect.resource.id": "labelworks.dataset.there"},
    }  # fmt: skip
    httpx.post(f"{api}/events", json=[event], timeout=30).raise_for_status()
    (paused,) = wait_for(lambda: [run for run in live.of("there") if run["state_type"] in HALTED], 300)
    assert paused["state_type"] == "PAUSED" and versions("there").numbers() == []
    live.api(f"/flow_runs/{paused['id']}/resume", {"run_input": {"decision": "approve", "by": "Ada"}})
    versions("there").wait(1, 300)
    assert versions("there").record(1)["work"]["embedded_rows"] == 0  # what was done before is found
    worker.send_signal(signal.SIGINT)
    worker.wait(60)
    (run,) = live.of("there")
    assert run["parameters"]["change"]["added"] == ["a <b>.parquet"]
    assert run["work_pool_name"] == "labelworks"
    wait_for(lambda: versions("here").numbers() == [1])
    assert live.stop() == 0
