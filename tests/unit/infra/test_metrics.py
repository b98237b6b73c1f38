"""Metrics as Prometheus scrapes them: from a store, over HTTP, in a file."""

from __future__ import annotations

import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from labelworks.infra.observability.metrics import FIGURES, registry
from labelworks.schemas.errors import ConfigError
from labelworks.schemas.findings import NoiseFindings, TreatmentFindings, ValidationFindings
from labelworks.schemas.records import Check, GateResult, RunRecord
from labelworks.tasks.storage.store import Store


def record(status: str = "published", **changes: Any) -> RunRecord:
    check = Check(name="max_noise", ok=status == "published", severity="error", expected="x", observed="y")
    fields: dict[str, Any] = {
        "run_id": "r", "status": status, "dataset": "d", "version": None, "rows": 10, "work": {},
        "noise": NoiseFindings(
            method="m", rate=0.2, rate_interval=(0.1, 0.3), flagged=3, flagged_share=0.3
        ),
        "treatment": TreatmentFindings(
            mode="both", keep=9, relabel=1, review=0, relabelled=1, changed_share=0.1,
            effective_sample_share=1.0,
        ),
        "validation": ValidationFindings(
            accuracy_raw=0.8, accuracy_treated=0.85, difference=0.05, interval=(0.0, 0.1), holdout_rows=10,
            measured_against="",
        ),
        "report": "", "timings": {"detect": 1.5},
        "gates": {"detect": GateResult(stage="detect", ok=check.ok, checks=(check,))},
        "finished": "2026-01-01T00:00:00+00:00",
    }  # fmt: skip
    return RunRecord(**{**fields, **changes})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with a version, then a refused run, of one dataset, and nothing but embeddings of another."""
    store = Store(str(tmp_path))
    for number, (name, run) in enumerate({"manifest": record(rows=8), "refused": record("refused")}.items()):
        folder = f"d/runs/run-{number}"
        store.write_json(f"{folder}/started.json", {"started": f"2026-01-0{number + 1}"})
        store.write(f"{folder}/{name}.json", run.model_dump_json().encode())
    store.write_json("d/versions/1.json", {"run_id": "run-0", "manifest": "d/runs/run-0/manifest.json"})
    store.write("other/embeddings/x", b"")
    return store


def samples(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_latest_run_of_each_dataset_is_measured(store: Store) -> None:
    found = registry(store)
    value = found.get_sample_value
    assert value("labelworks_rows", {"dataset": "d"}) == 10
    assert value("labelworks_version", {"dataset": "d"}) == 1
    assert value("labelworks_noise_rate", {"dataset": "d"}) == 0.2
    assert value("labelworks_gate_failures", {"dataset": "d", "stage": "detect"}) == 1
    assert value("labelworks_stage_seconds", {"dataset": "d", "stage": "detect"}) == 1.5
    assert value("labelworks_runs", {"dataset": "d", "status": "published"}) == 1
    assert value("labelworks_prior_shift", {"dataset": "d"}) is None
    assert value("labelworks_finished_timestamp_seconds", {"dataset": "d"}) == 1767225600
    store.write("d/runs/run-2/started.json", b'{"started": "2026-01-03"}')
    store.write("d/runs/run-2/manifest.json", record(rows=12).model_dump_json().encode())
    assert value("labelworks_rows", {"dataset": "d"}) == 12


def test_the_endpoint_is_scraped_and_ends_when_asked(store: Store) -> None:
    command = [
        sys.executable,
        "-m",
        "labelworks.flows.cli.app",
        "metrics",
        "--store",
        store.root,
        "--listen",
        "127.0.0.1:0",
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        address = server.stderr.readline().split()[-1]
        with urllib.request.urlopen(address, timeout=30) as answer:
            found = samples(answer.read().decode())
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0
    assert found["labelworks_rows", "d"] == 10
    assert {name for name, *_ in found} >= set(FIGURES) - {"labelworks_prior_shift"}


def test_a_file_for_the_textfile_collector(store: Store, command: Any, tmp_path: Path) -> None:
    file = tmp_path / "labelworks.prom"
    assert command("metrics", "--store", store.root, "--out", str(file))[0] == 0
    assert samples(file.read_text()) == samples(command("metrics", "--store", store.root)[1])


def test_an_address_is_a_host_and_a_port() -> None:
    from labelworks.flows.cli.commands.metrics import address

    assert address("127.0.0.1:9464") == ("127.0.0.1", 9464)
    for wrong in ("9464", ":9464", "host:", "host:70000"):
        with pytest.raises(ConfigError):
            address(wrong)
