"""The record's JSON Schema, and records as the version before schemas had numbers wrote them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labelworks.schemas.approval import ApprovalQuestion
from labelworks.schemas.records import RunRecord
from labelworks.schemas.upgrade import SCHEMA_VERSION
from labelworks.tasks.detect.drift_monitor import STATE, Rows, watch_batches
from labelworks.tasks.report import terminal
from labelworks.tasks.report.evidence import ReportData
from labelworks.tasks.report.html import render
from labelworks.tasks.report.texts.key_figures import key_figures
from labelworks.tasks.report.texts.verdict import verdict
from labelworks.tasks.storage.store import Store

HERE = Path(__file__).parent
OLD: dict[str, Any] = json.loads((HERE / "records_of_version_1.json").read_text(encoding="utf-8"))
RECORDS = {name: OLD[name] for name in ("stream1", "ints1", "multi", "votes", "refused")}
RECORDS["asked"] = OLD["asked"]["record"]


def test_the_schema_is_the_committed_one() -> None:
    """Written anew by `labelworks schema record > tests/golden/record.schema.json`.

    A key that is renamed, removed or of another type is another SCHEMA_VERSION, which reads the one before.
    """
    committed = json.loads((HERE / "record.schema.json").read_text(encoding="utf-8"))
    assert RunRecord.model_json_schema(mode="serialization") == committed


@pytest.mark.parametrize("name", RECORDS)
def test_an_old_record_is_read_and_all_that_shows_runs_takes_it(name: str) -> None:
    old = RECORDS[name]
    record = RunRecord.model_validate_json(json.dumps(old))
    assert record.schema_version == SCHEMA_VERSION
    assert RunRecord.model_validate_json(record.model_dump_json()) == record
    assert record.noise is not None and record.noise.rate == old["noise"]["rate"]
    assert verdict(record) and key_figures(record) and terminal.summary(record)
    page = render(record, ReportData())
    assert f"run <code>{record.run_id}</code>" in page
    assert ("<h2>What moved</h2>" in page) is ((name != "refused" and name != "number") or bool(old["drift"]))


def test_arrays_over_classes_are_in_the_order_of_the_classes() -> None:
    for old in (RECORDS["stream1"], RECORDS["asked"]):
        record = RunRecord.model_validate(old)
        assert record.shift is not None and record.shift.drift.effect == old["shift"]["drift"]["effect"]
        for name in ("prior", "source_prior", "weights"):
            told = dict(zip(map(str, record.classes), getattr(record.shift, name), strict=True))
            assert told == old["shift"][name]
        assert [list(each) for each in record.shift.interval] == [*old["shift"]["interval"].values()]


def test_groups_and_regions_keep_what_they_told() -> None:
    record, old = RunRecord.model_validate(RECORDS["stream1"]), RECORDS["stream1"]["drift"]["groups"]["site"]
    assert record.drift is not None and record.drift.time is not None
    site = record.drift.groups["site"]
    for group, before in zip(site.groups, old["groups"], strict=True):
        assert dict(zip(map(str, site.classes), group.prior, strict=True)) == before["prior"]
    slices = RunRecord.model_validate(RECORDS["ints1"]).drift
    assert slices is not None and slices.slices is not None
    before = RECORDS["ints1"]["drift"]["slices"]
    assert [list(each.main_classes) for each in slices.slices.groups] == [
        each["classes"] for each in before["groups"]
    ]


def test_what_was_not_reached_is_none_and_an_old_question_has_its_reasons() -> None:
    refused = RunRecord.model_validate(RECORDS["refused"])
    assert (refused.treatment, refused.validation, refused.shift, refused.approval) == (None,) * 4
    question = ApprovalQuestion.model_validate_json(json.dumps(OLD["asked"]))
    assert question.record.status == "waiting" and question.record.approval is not None
    assert question.record.approval.why == question.why


def test_an_old_store_is_listed_shown_and_rolled_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from labelworks.flows.cli.commands.report import report
    from labelworks.flows.cli.commands.rollback import rollback
    from labelworks.flows.cli.commands.runs import runs
    from labelworks.flows.cli.commands.show import show

    monkeypatch.setenv("COLUMNS", "200")
    store, record = Store(str(tmp_path)), RECORDS["stream1"]
    for number, run in enumerate(("run-1", "run-2"), 1):
        folder = f"stream/runs/{run}"
        store.write_json(f"{folder}/manifest.json", {**record, "run_id": run})
        store.write_json(f"{folder}/started.json", {"started": f"2026-01-0{number}T00:00:00"})
        store.write(f"{folder}/report/report.html", b"<html>")
        store.write_json(
            f"stream/versions/{number}.json", {"run_id": run, "manifest": f"{folder}/manifest.json"}
        )
    runs(None, str(tmp_path), None, as_json=True)
    listed = json.loads(capfd.readouterr().out)["runs"]
    assert [each["noise_rate"] for each in listed] == [record["noise"]["rate"]] * 2
    show("run-1", str(tmp_path), None, as_json=True)
    told = json.loads(capfd.readouterr().out)["record"]
    assert told["schema_version"] == SCHEMA_VERSION
    assert told["shift"]["weights"] == [*record["shift"]["weights"].values()]
    show("run-1", str(tmp_path), None, as_json=False)
    report("run-2", str(tmp_path), None, None, open_it=False)
    rollback("stream", 1, str(tmp_path), None)
    assert capfd.readouterr().out.endswith("versions/3.json\n")


def test_the_state_of_an_old_sequential_test_goes_on(tmp_path: Path, run_on: Callable[[Path], Any]) -> None:
    run, ref = run_on(tmp_path)
    kept_by = run.artifacts
    earlier, kept = kept_by.named("earlier"), {**OLD["watch"], "encoder": ref.encoder_key, "window": "source"}
    kept_by.store.write_json(earlier.file("detect", STATE), {**kept, "seen": [ref.partitions[0].identity]})
    kept_by.store.write_json(f"{kept_by.dataset}/versions/1.json", {"run_id": "earlier", "manifest": ""})
    rows = np.random.default_rng(0).normal(size=(80, 3))
    found = watch_batches(kept_by, ref, Rows(rows, np.repeat([0, 1], 40)), None)
    assert found is not None and found.looks == OLD["watch"]["looks"] + 1
    assert [batch.run for batch in found.batches[:-1]] == [each["run"] for each in OLD["watch"]["history"]]


@pytest.fixture
def run_on() -> Callable[[Path], Any]:
    """A run of two partitions in a store of its own, and its reference."""
    from labelworks.schemas.config.run import RunConfig
    from labelworks.schemas.records import DatasetRef, Partition
    from labelworks.tasks.planning.run import Run

    def run_on(folder: Path) -> Any:
        dataset = {"name": "x", "source": "data", "label": "l", "features": {"text": "t"}}
        config = RunConfig.model_validate({"dataset": dataset})
        parts = tuple(Partition(key=key, pieces=()) for key in ("a", "b"))
        ref = DatasetRef(run_id="now", dataset="x", uri="", partitions=parts, encoder_key="e")
        return Run.of(config, Store(str(folder)), "now"), ref

    return run_on
