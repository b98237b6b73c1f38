"""Lineage of runs, as a receiver on loopback and a file get it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from openlineage.client.uuid import generate_new_uuid

from labelworks.schemas.records import RunRecord
from tests.support.stages import run_stages

STAGES = ["ingest", "embed", "detect", "treat", "validate", "publish"]


class Receiving(BaseHTTPRequestHandler):
    """Keeps what it is sent, by path."""

    received: list[tuple[str, str, dict[str, Any]]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.received.append((self.path, self.headers.get("Authorization", ""), json.loads(body)))
        self.send_response(201)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[Any]]:
    """What a server that OPENLINEAGE_URL names was sent."""
    monkeypatch.chdir(tmp_path)
    Receiving.received = []
    with HTTPServer(("127.0.0.1", 0), Receiving) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("OPENLINEAGE_URL", f"http://127.0.0.1:{server.server_port}")
        yield Receiving.received
        server.shutdown()
        thread.join()


def states(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(event["job"]["name"], event["eventType"]) for event in events]


def test_a_server_gets_the_run_and_its_stages(
    received: list[Any], made: Any, write: Any, run_config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = str(generate_new_uuid())
    monkeypatch.setenv("OPENLINEAGE_API_KEY", "a-long-key")
    monkeypatch.setenv("OPENLINEAGE_PARENT_ID", f"airflow/dag.task/{parent}")
    source = write(made().table)
    record = run_stages(run_config(source))
    assert {(path, key) for path, key, _ in received} == {("/api/v1/lineage", "Bearer a-long-key")}
    events = [event for *_, event in received]
    stages = [(f"curate.made.{stage}", state) for stage in STAGES for state in ("START", "COMPLETE")]
    assert states(events) == [("curate.made", "START"), *stages, ("curate.made", "COMPLETE")]
    first, *inner, last = events
    assert first["run"]["runId"] == last["run"]["runId"]
    assert first["run"]["facets"]["parent"]["run"]["runId"] == parent
    assert first["run"]["facets"]["parent"]["job"] == {
        "namespace": "airflow",
        "name": "dag.task",
        "facets": {},
    }
    assert {event["run"]["facets"]["parent"]["run"]["runId"] for event in inner} == {first["run"]["runId"]}
    assert len({event["run"]["runId"] for event in inner}) == len(STAGES)
    assert "a-long-key" not in json.dumps(events)
    _is_the_run(last, record, source)
    _leads_from_the_source_to_the_version(inner, source, last)


def _is_the_run(last: dict[str, Any], record: RunRecord, source: Path) -> None:
    known = last["run"]["facets"]["labelworks"]
    assert (known["runId"], known["status"], known["version"]) == (record.run_id, "published", 1)
    assert record.noise is not None
    assert known["noiseRate"] == record.noise.rate
    (read,) = last["inputs"]
    assert (read["namespace"], read["name"]) == ("file", str(source))
    assert [field["name"] for field in read["facets"]["schema"]["fields"]] == ["id", "vector", "label", "day"]
    checks = read["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert [check["name"] for check in checks] == [
        f"{stage}.{check.name}" for stage, gate in record.gates.items() for check in gate.checks
    ]
    (wrote,) = last["outputs"]
    assert wrote["facets"]["version"]["datasetVersion"] == "1"
    assert wrote["outputFacets"]["outputStatistics"]["rowCount"] == record.rows
    columns = {field["name"]: field for field in wrote["facets"]["schema"]["fields"]}
    assert columns["weight"]["type"] == "float"
    assert "for training" in columns["weight"]["description"]


def _leads_from_the_source_to_the_version(
    stages: list[dict[str, Any]], source: Path, last: dict[str, Any]
) -> None:
    """What a stage reads was written by one before it, by the same name."""
    written = {("file", str(source))}
    for event in stages:
        if event["eventType"] == "COMPLETE":
            assert {(each["namespace"], each["name"]) for each in event["inputs"]} <= written
            written |= {(each["namespace"], each["name"]) for each in event["outputs"]}
            for each in event["outputs"]:
                _has_its_rows_there(each)
    _has_its_rows_there(last["outputs"][0])
    assert {(each["namespace"], each["name"]) for each in last["outputs"]} <= written
    ingested = next(event for event in stages if event["eventType"] == "COMPLETE")
    quality = ingested["inputs"][0]["inputFacets"]["dataQualityMetrics"]
    assert (quality["rowCount"], quality["columnMetrics"]["label"]["distinctCount"]) == (400, 3)


def _has_its_rows_there(dataset: dict[str, Any]) -> None:
    scheme, _, folder = dataset["facets"]["dataSource"]["uri"].partition("://")
    assert scheme == "file"
    assert list(Path(folder).rglob("*.parquet"))


def test_a_file_gets_a_refused_run_without_secrets(
    made: Any, write: Any, run_config: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("openlineage.yml").write_text(
        f"transport: {{type: file, log_file_path: {tmp_path}/lineage.jsonl, append: true}}\n"
    )
    monkeypatch.setenv("MY_ACCESS_TOKEN", "max_noise_rate")  # which the gate's words hold
    gates = {"detect": {"thresholds": {"max_noise_rate": 0.0}}}
    record = run_stages(run_config(write(made().table), gates=gates))
    assert record.status == "refused"
    text = (tmp_path / "lineage.jsonl").read_text()
    events = [json.loads(line) for line in text.splitlines()]
    assert states(events)[-2:] == [("curate.made.detect", "FAIL"), ("curate.made", "FAIL")]
    assert "Nothing was published" in events[-1]["run"]["facets"]["errorMessage"]["message"]
    (failed,) = [
        check for check in events[-2]["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"]
        if not check["success"] and check["severity"] == "error"
    ]  # fmt: skip
    assert failed["assertion"] == "***"
    assert "max_noise_rate" not in text


def test_a_dead_receiver_stops_no_run_and_is_said_once(
    made: Any, write: Any, run_config: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    setting = {"type": "http", "url": "http://127.0.0.1:9", "retry": {"total": 0}}
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT", json.dumps(setting))
    record = run_stages(run_config(write(made(rows=200).table)))
    assert record.version == 1
    said = [entry.message for entry in caplog.records if "lineage" in entry.message.lower()]
    assert len(said) == 1
    assert f"not all lineage events of run {record.run_id} were received" in said[0]
