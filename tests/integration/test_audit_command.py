"""`labelworks audit`: rows are drawn with known probabilities, answered, taken, and say what is true."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from labelworks.tasks.artifacts.decisions.log import decisions_files, read_decisions
from labelworks.tasks.storage.store import Store
from tests.support.stages import run_stages

DESIGNS = {"strata": "labels that are wrong", "changes": "changes that are right"}


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def answered(path: Path, rows: list[dict[str, str]]) -> str:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


@pytest.fixture
def judged(made: Any, write: Any, run_config: Any) -> Any:
    found = made(classes=2)
    record = run_stages(run_config(write(found.table)))
    given = dict(zip(found.table["id"].to_pylist(), found.table["label"].to_pylist(), strict=True))
    wrong = dict(zip(given, found.wrong, strict=True))
    other = {"class-0": "class-1", "class-1": "class-0"}
    return record, {name: other[label] if wrong[name] else label for name, label in given.items()}, wrong


@pytest.mark.parametrize("design", DESIGNS)
def test_what_is_drawn_and_answered_says_what_is_true(
    judged: Any, command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, design: str
) -> None:
    record, right, wrong = judged
    monkeypatch.chdir(tmp_path)
    at = ("--store", str(tmp_path / "store"))
    arguments = ("audit", "sample", record.run_id, "--design", design, *at)
    code, out, err = command(*arguments, "--looks", "30")
    assert (code, Path(out.strip()).name) == (0, "audit.csv")
    assert "30 rows to look at" in err
    rows = rows_of(tmp_path / "audit.csv")
    frame = len(right) if design == "strata" else record.treatment.relabelled
    assert len({row["id"] for row in rows}) == 30
    assert sum(1 / float(row["probability"]) for row in rows) == pytest.approx(frame)
    assert {row["answer"] for row in rows} == {""}
    command(*arguments, "--looks", "60", "--to", "more.csv")
    if design == "changes":  # of more strata their parts change too
        assert {row["id"] for row in rows} <= {row["id"] for row in rows_of(tmp_path / "more.csv")}
    for row in rows:
        row |= {"answer": right[row["id"]], "annotator": "ann"}
    code, out, _ = command("audit", "import", answered(tmp_path / "back.csv", rows), *at, "--json")
    found = json.loads(out)
    assert (code, found["taken"], found["aside"]) == (0, 30, [])
    (says,) = found["estimates"]
    assert says.startswith(DESIGNS[design])
    low, high = (float(end) for end in says[says.index("[") + 1 : says.index("]")].split(", "))
    truth = sum(wrong.values()) / len(wrong) if design == "strata" else None
    assert truth is None or low <= 100 * truth <= high
    store = Store(str(tmp_path / "store"))
    kept = read_decisions(store, decisions_files(store, "made")).to_pylist()
    assert {(row["why"], row["run"], row["annotator"]) for row in kept} == {("audit", record.run_id, "ann")}
    assert {row["id"]: row["probability"] for row in kept} == {
        row["id"]: float(row["probability"]) for row in rows
    }


def test_a_width_says_how_many_looks_it_takes(judged: Any, command: Any, tmp_path: Path) -> None:
    at = ("--store", str(tmp_path / "store"), "--to", str(tmp_path / "a.csv"))
    looks = []
    for width in (0.2, 0.05):
        code, _, err = command("audit", "sample", "--width", str(width), *at)
        looks.append(len(rows_of(tmp_path / "a.csv")))
        says = float(err.split("likely to be ")[1].split()[0]) / 100
        assert (code, says <= width) == (0, True)
    assert looks[0] < looks[1] / 2
    code, _, err = command("audit", "sample", *at)
    assert code == 2
    assert "--looks N or --width W" in err and "not both" not in err
    code, _, err = command("audit", "sample", "--looks", "30", "--width", "0.1", *at)
    assert (code, "--looks N or --width W, not both" in err) == (2, True)
    code, _, err = command("audit", "sample", "--looks", "1", *at)
    assert code == 2
    assert "too few" in err


def test_every_row_that_is_not_taken_is_named(judged: Any, command: Any, tmp_path: Path) -> None:
    at = ("--store", str(tmp_path / "store"))
    command("audit", "sample", "--looks", "20", "--to", str(tmp_path / "a.csv"), *at)
    rows = rows_of(tmp_path / "a.csv")
    rows[0] |= {"answer": "owl"}
    rows[1] |= {"answer": "class-0", "content": "x0"}
    rows[2] |= {"answer": "class-0", "dataset": "other"}
    rows[3] |= {"answer": "class-0", "id": "nobody"}
    rows[4] |= {"answer": "class-0"}
    rows[5] |= {"answer": "(unsure)"}
    file = answered(tmp_path / "b.csv", [*rows, rows[4]])
    code, out, err = command("audit", "import", file, *at)
    assert code == 0
    assert out.splitlines()[0] == "2 taken"
    assert "14 without an answer" in out
    for reason in ("'owl' is no class", "stale", "of another dataset", "no row has this id", "twice"):
        assert reason in out
    assert "row 4 (nobody)" in err
    before = sorted((tmp_path / "store/made/decisions").iterdir())
    code, out, _ = command("audit", "import", file, *at)
    assert out.startswith("0 taken")
    assert sorted((tmp_path / "store/made/decisions").iterdir()) == before
