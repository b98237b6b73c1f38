"""A run that asks before it publishes, and what each answer leads to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml

from tests.support.stages import run_stages


@pytest.fixture
def asks(made: Any, write: Any, run_config: Any, tmp_path: Path) -> tuple[Any, Path]:
    """A config of a run that asks, and its file."""
    config = run_config(write(made().table), treat={"approve_over": 0.01})
    file = tmp_path / "asks.yaml"
    file.write_text(yaml.safe_dump(config.model_dump(mode="json", by_alias=True)))
    return config, file


def test_a_lower_budget_changes_only_the_surest_labels_and_repeats_no_work(
    asks: tuple[Any, Path], command: Any, published: Any, tmp_path: Path
) -> None:
    config, file = asks
    code, out, err = command("run", str(file))
    assert code == 4
    assert "waits for approval" in out
    assert "asked above 1.0 %" in out
    run = next((tmp_path / "store/made/runs").iterdir())
    assert f"labelworks approve --store {tmp_path}/store {run.name}" in out
    assert not (tmp_path / "store/made/versions").exists()
    proposed = json.loads((run / "approval/question.json").read_text())["record"]["treatment"]["relabel"]
    assert proposed > 5
    written = {path: path.stat().st_mtime_ns for path in run.rglob("part-*.parquet")}
    code, out, err = command("approve", run.name[:8], "--budget", "5", "--store", str(tmp_path / "store"))
    assert code == 0, err
    table = published(config, all_columns=True)
    changed = [row for row in table.to_pylist() if row["action"] == "relabel"]
    kept_back = [row for row in table.to_pylist() if row["action"] == "review"]
    assert len(changed) == 5
    assert all(row["label"] == row["original_label"] for row in kept_back)
    assert min(max(row["soft_label"]) for row in changed) >= max(max(row["soft_label"]) for row in kept_back)
    assert {path: path.stat().st_mtime_ns for path in written} == written
    record = json.loads((run / "manifest.json").read_text())
    assert record["work"]["embedded_rows"] == record["work"]["scored_rows"] == 0
    assert (record["approval"]["decision"], record["approval"]["budget"]) == ("approve", 5)
    assert record["treatment"]["relabel"] == len(changed)
    # Done is done: the same command finds it, and there is nothing left to approve.
    assert command("run", str(file), "--json")[0] == 0
    assert command("approve", run.name, "--store", str(tmp_path / "store"))[0] == 2


def test_a_lower_budget_keeps_to_the_arm_that_was_shown(
    write: Any, run_config: Any, published: Any, command: Any, tmp_path: Path
) -> None:
    """By the arm that was shown, the surest three alone; no other arm is tried beside it."""
    asks = {"mode": "relabel", "objective": "auto", "approve_over": 0.01}
    config = run_config(write(overlapping()), treat=asks, validate={"publish_when": "better"})
    asked = run_stages(config)
    assert asked.status == "waiting" and asked.treatment.relabel > 5
    shown = asked.validation.published
    at = ("--store", str(tmp_path / "store"))
    code, _, err = command("approve", asked.run_id, "--budget", "3", *at)
    assert code == 0, err
    record = json.loads((tmp_path / f"store/made/runs/{asked.run_id}/manifest.json").read_text())
    proof = record["validation"]
    assert (proof["published"], proof["why_given"]) == (shown, "")
    assert [arm["name"] for arm in proof["arms"]] == [shown]
    rows = published(config)
    assert sum(rows["label"].to_numpy() != rows["original_label"].to_numpy()) == 3


def overlapping() -> pa.Table:
    """Rows of three classes that overlap a little, a fifth of whose labels are wrong."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, 600)
    given = np.where(rng.random(600) < 0.2, (true + 1) % 3, true)
    vectors = (3 * np.eye(3, 8)[true] + rng.normal(size=(600, 8))).astype(np.float32)
    column = pa.FixedSizeListArray.from_arrays(vectors.ravel(), 8)
    ids = [f"{row:05d}" for row in range(600)]
    return pa.table({"id": ids, "label": [f"class {code}" for code in given], "vector": column})


def test_a_rejected_run_publishes_nothing_until_somebody_approves_it(
    asks: tuple[Any, Path], command: Any, tmp_path: Path
) -> None:
    config, file = asks
    assert run_stages(config).status == "waiting"
    run = next((tmp_path / "store/made/runs").iterdir())
    at = ("--store", str(tmp_path / "store"))
    assert command("approve", run.name, "--reject", *at)[0] == 0
    code, out, _ = command("run", str(file), "--json")
    assert (code, json.loads(out)["status"]) == (3, "rejected")
    assert not (tmp_path / "store/made/versions").exists()
    assert json.loads(command("runs", *at, "--json")[1])["runs"][0]["status"] == "rejected"
    assert command("approve", run.name, *at)[0] == 0
    assert (tmp_path / "store/made/versions/1.json").exists()
    decisions = [json.loads(path.read_text()) for path in sorted((run / "approval").glob("decision-*"))]
    assert [decision["decision"] for decision in decisions] == ["reject", "approve"]


def test_nobody_answers_and_nothing_is_published(
    asks: tuple[Any, Path], command: Any, tmp_path: Path
) -> None:
    _, file = asks
    assert command("run", str(file), "--set", "treat.approve_within=0.001", "--json")[0] in (3, 4)
    code, out, _ = command("run", str(file))
    assert code == 3
    assert "nobody answered until" in out
    assert not (tmp_path / "store/made/versions").exists()
    assert "expired" in command("runs", "--store", str(tmp_path / "store"))[1]


def test_an_answer_is_for_the_source_that_was_asked_about(
    asks: tuple[Any, Path], command: Any, tmp_path: Path
) -> None:
    config, _ = asks
    waiting = run_stages(config)
    (tmp_path / "data/part-1.parquet").unlink()
    code, _, err = command("approve", waiting.run_id, "--store", str(tmp_path / "store"))
    assert code == 2
    assert "not what it was" in err
    assert not (tmp_path / "store/made/versions").exists()
