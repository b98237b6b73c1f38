"""`labelworks watch`: changes reach a Prefect server, and what is deployed there gets its runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import yaml
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from labelworks.infra.events.prefect_emitter import Emitter
from labelworks.infra.events.queue import EventQueue
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.events import DatasetChanged
from tests.support.waiting import wait_for

TOKEN = "token-of-the-watch-test"
RECEIVES = r"events: POST (http://[0-9.:]+)/api/events"
LABELWORKS = [sys.executable, "-P", "-m", "labelworks.flows.cli.app"]


def told(api: str, dataset: str) -> list[dict[str, Any]]:
    """What the server was told of a dataset, the first first."""
    found = {
        "event": {"name": [DatasetChanged.event]},
        "resource": {"id": [f"labelworks.dataset.{dataset}"]},
        "order": "ASC",
    }
    answer = httpx.post(f"{api}/events/filter", json={"filter": found, "limit": 50}, timeout=30)
    return list(answer.json()["events"])


def ids_told(api: str, dataset: str) -> list[str]:
    return [event["payload"]["id"] for event in told(api, dataset)]


def runs(api: str, deployment: str) -> list[dict[str, Any]]:
    body = {"deployments": {"name": {"any_": [deployment]}}, "sort": "EXPECTED_START_TIME_ASC"}
    return list(httpx.post(f"{api}/flow_runs/filter", json=body, timeout=30).json())


def listening(process: psutil.Process) -> set[tuple[str, int]]:
    """Addresses that a process, or one that it started, listens on."""
    family = [process, *process.children(recursive=True)]
    return {
        (each.laddr.ip, each.laddr.port)
        for member in family
        for each in member.net_connections(kind="inet")
        if each.status == psutil.CONN_LISTEN
    }


@pytest.fixture
def watched(tmp_path: Path) -> Path:
    """The config of a dataset, whose source is beside it."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a.csv").write_text("text,topic\na,b\n")
    dataset = {
        "name": "watched",
        "source": str(tmp_path / "data"),
        "label": "topic",
        "features": {"text": "text"},
    }
    reprocess = {"poll": "200ms", "debounce": "1s"}
    file = tmp_path / "watched.yaml"
    file.write_text(yaml.safe_dump({"dataset": dataset, "reprocess": reprocess}))
    return file


@pytest.fixture
def watch(prefect_api: str, watched: Path, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The command at work, and where it receives events."""
    state = ["--state", str(tmp_path / "state")]
    command = [*LABELWORKS, "watch", str(watched), "--listen", "127.0.0.1:0", *state]
    environment = {**os.environ, "LABELWORKS_EVENTS_TOKEN": TOKEN}
    with (tmp_path / "said").open("wb") as said:
        process = subprocess.Popen(command, env=environment, stderr=said, start_new_session=True)
        try:
            yield process, wait_for(lambda: re.search(RECEIVES, (tmp_path / "said").read_text()))[1]
        finally:
            process.terminate()
            code = process.wait(60)
    assert code == 0, (tmp_path / "said").read_text()


def test_every_burst_of_changes_is_one_event_on_the_server_and_one_run_of_the_deployment(
    prefect_api: str, watch: tuple[subprocess.Popen[bytes], str], watched: Path, tmp_path: Path
) -> None:
    process, receiver = watch
    deploy = [*LABELWORKS, "deploy", str(watched), "--on-change", "--work-pool", "watched"]
    subprocess.run(deploy, check=True, capture_output=True)
    (first,) = wait_for(lambda: told(prefect_api, "watched"))
    assert (first["payload"]["cause"], first["payload"]["unknown"]) == ("start", True)
    for name in ("b", "c"):
        (tmp_path / f"data/{name}.csv").write_text("text,topic\na,b\n")
    wait_for(lambda: len(told(prefect_api, "watched")) == 2)
    second = told(prefect_api, "watched")[1]["payload"]
    assert f"{tmp_path}/data/c.csv" in second["added"]
    wait_for(lambda: any(run["parameters"]["change"] == second for run in runs(prefect_api, "watched")))
    for _ in range(5):
        headers = {"authorization": f"Bearer {TOKEN}"}
        body = {"dataset": "watched"}
        answer = httpx.post(f"{receiver}/api/events", json=body, headers=headers, timeout=30)
        assert answer.status_code == 202
    wait_for(lambda: len(told(prefect_api, "watched")) == 3)
    assert told(prefect_api, "watched")[2]["payload"]["cause"] == "post"
    port = int(receiver.rpartition(":")[2])
    assert listening(psutil.Process(process.pid)) == {("127.0.0.1", port)}
    wait_for(lambda: not EventQueue(tmp_path / "state/events.db").waiting("watched"))
    (tmp_path / "data/d.csv").write_text("text,topic\na,b\n")
    wait_for(lambda: f"{tmp_path}/data/d.csv" in told(prefect_api, "watched")[-1]["payload"]["added"])
    assert len(told(prefect_api, "watched")) == 4  # whatever else was to come would have come before


def test_our_own_api_listens_on_loopback_alone(prefect_api: str) -> None:
    port = int(prefect_api.removesuffix("/api").rpartition(":")[2])
    heard = [each for each in psutil.net_connections("inet") if each.status == psutil.CONN_LISTEN]
    assert {each.laddr.ip for each in heard if each.laddr.port == port} == {"127.0.0.1"}


def test_an_event_waits_for_the_server_and_counts_once(prefect_api: str, tmp_path: Path) -> None:
    dataset = {"name": "late", "source": "data", "label": "l", "features": {"text": "t"}}
    config = RunConfig.model_validate({"dataset": dataset, "reprocess": {"debounce": 0}})
    queue = EventQueue(tmp_path / "events.db")
    event = DatasetChanged(dataset="late", id="once")
    queue.put([event])
    nobody = {PREFECT_API_URL: "http://127.0.0.1:9/api"}
    with temporary_settings(nobody), get_client(sync_client=True) as client, pytest.raises(httpx.HTTPError):
        Emitter(config, queue, client).turn()
    assert queue.waiting("late") is not None
    with get_client(sync_client=True) as client:
        assert Emitter(config, queue, client).turn() == event
        assert Emitter(config, queue, client).turn() is None
        EventQueue(tmp_path / "again.db").put([event])  # as if it had died before it wrote that it was done
        assert Emitter(config, EventQueue(tmp_path / "again.db"), client).turn() == event
    with get_client(sync_client=True) as client:
        queue.put([DatasetChanged(dataset="late", id="another")])
        Emitter(config, queue, client).turn()
    wait_for(lambda: "another" in ids_told(prefect_api, "late"))
    assert ids_told(prefect_api, "late") == ["once", "another"]


def test_without_a_server_there_is_nobody_to_tell(watched: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"}
    command = [*LABELWORKS, "watch", str(watched)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no Prefect server to tell of changes" in done.stderr
