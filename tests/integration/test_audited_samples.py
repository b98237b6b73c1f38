"""Answers to a sample of changes prove a later run's precision, of just these changes, without any file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import labelworks as lw
from tests.support.stages import run_stages

OTHER = {"class-0": "class-1", "class-1": "class-0"}


@pytest.fixture
def answer(command: Any, tmp_path: Path) -> Any:
    """Draws so many changes of a run and answers by the truth."""

    def answer(run: str, right: dict[str, str], looks: int, seed: int, design: str = "changes") -> None:
        at, file = ("--store", str(tmp_path / "store")), str(tmp_path / f"{seed}.parquet")
        how = ("--design", design, "--looks", str(looks), "--seed", str(seed), "--to", file)
        assert command("audit", "sample", run, *how, *at)[0] == 0
        table = pq.read_table(file)
        answers = [[right[name] for name in table["id"].to_pylist()]]
        place = table.column_names.index("answer")
        pq.write_table(table.set_column(place, "answer", answers), file)
        assert command("audit", "import", file, *at)[1].startswith(f"{looks} taken")

    return answer


def test_a_sample_of_changes_counts_as_audited_rows(
    made: Any, write: Any, run_config: Any, published: Any, answer: Any
) -> None:
    data = made(rows=600, classes=2, noise=0.25)
    names, given = data.table["id"].to_pylist(), data.table["label"].to_pylist()
    right = {
        name: OTHER[label] if wrong else label
        for name, label, wrong in zip(names, given, data.wrong, strict=True)
    }
    folder = write(data.table)
    config = run_config(folder, treat={"objective": "accuracy"})
    first = run_stages(config)
    changes = relabelled(published(config, 1))
    answer(first.run_id, right, 10, seed=1)
    precise = run_config(folder, treat={"objective": {"precision": 0.9}})
    note = str(run_stages(precise).treatment.objective_note)
    assert "10 answers to a sample of changes are too few" in note
    assert "that takes 29 or more" in note
    answer(first.run_id, right, 60, seed=2)
    answer(first.run_id, right, 50, seed=3, design="strata")
    heard = run_stages(precise)
    assert "of 60 audited rows as sure as those changed" in str(heard.treatment.objective_note)
    (before,), after = heard.calibration, heard.treatment.decisions.calibration
    assert (before.of, before.rows, after.of) == ("probes", 600, "posterior")
    assert before.error < 0.05
    assert after.rows == pytest.approx(600)
    assert "Are probabilities as right as they say?" in Path(heard.report).read_text()
    beside = lw.compare_runs(first.run_id, heard.run_id, store=precise.store.root)
    assert beside.compared.rows.both == 600
    assert beside.compared.rows.action > 0 and len(beside.rows) == 40
    assert beside.page.lstrip().startswith("<!doctype html>")
    moved = relabelled(published(precise, heard.version))
    assert moved and moved.items() <= changes.items()
    assert sum(right[name] == label for name, label in moved.items()) >= 0.9 * len(moved)


def relabelled(table: Any) -> dict[str, str]:
    return {row["id"]: row["label"] for row in table.to_pylist() if row["action"] == "relabel"}
