"""Decisions of a dataset: taken by the row, listed, stale when a row changes, spared by `gc`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import labelworks as lw
from tests.support.stages import run_stages


def logged(command: Any, root: Path) -> list[dict[str, Any]]:
    code, out, _ = command("review", "log", "made", "--store", str(root), "--json")
    assert code == 0
    found: list[dict[str, Any]] = json.loads(out)["decisions"]
    return found


def test_decisions_are_listed_go_stale_and_outlive_every_run(
    made: Any, write: Any, run_config: Any, command: Any, tmp_path: Path
) -> None:
    table, root = made().table, tmp_path / "store"
    record = run_stages(run_config(write(table)))
    names = table["id"].to_pylist()
    answers = {names[0]: "class-1", names[1]: "keep", names[2]: "none", names[3]: "owl", names[4]: None}
    found = lw.record_decisions("made", answers, annotator="ann", run=record.run_id, store=root)
    assert (found.taken, found.aside["reason"].tolist()) == (3, ["'owl' is no class"])
    again = lw.record_decisions("made", {names[0]: "class-2"}, annotator="ann", run=record.run_id, store=root)
    assert again.taken == 0
    assert "decided before" in again.summary
    listed = logged(command, root)
    assert [each["answer"] for each in listed] == ["class", "keep", "none"]
    assert {each["standing"] for each in listed} == {"holds"}
    assert listed[0]["given"] == table["label"][0].as_py()
    changed = pa.array([[9.0] * 6, *table["vector"].to_pylist()[1:]], pa.list_(pa.float32()))
    moved = table.set_column(table.column_names.index("vector"), "vector", changed)
    run_stages(run_config(write(moved.filter(pa.array([name != names[2] for name in names])))))
    assert [each["standing"] for each in logged(command, root)] == ["stale", "holds", "gone"]
    kept = (root / "made/decisions/000001.parquet").read_bytes()
    code, out, _ = command("gc", str(root), "--keep", "1", "--older-than", "0s", "--json")
    assert code == 0
    assert json.loads(out)["datasets"][0]["removed"]["runs"]["objects"] > 0
    assert (root / "made/decisions/000001.parquet").read_bytes() == kept
    code, out, _ = command("review", "log", "made", "--store", str(root))
    assert code == 0
    assert "stale" in out


def test_nothing_is_decided_about_what_no_run_has_judged(command: Any, tmp_path: Path) -> None:
    (tmp_path / "store/made/versions").mkdir(parents=True)
    with pytest.raises(lw.InputError, match="has judged its labels"):
        lw.record_decisions("made", {"a": "keep"}, store=tmp_path / "store")
    with pytest.raises(lw.InputError, match="no column 'answer'"):
        lw.record_decisions("made", pa.table({"id": ["a"]}), store=tmp_path / "store")
    code, _, err = command("review", "log", "made", "--store", str(tmp_path / "store"))
    assert code == 0
    assert "nobody has decided" in err
