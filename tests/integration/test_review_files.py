"""`labelworks review export` and `import`: rows go out, answers come back, and are asked no more."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from labelworks.tasks.artifacts.decisions.log import decisions_files, read_decisions
from labelworks.tasks.storage.store import Store


@pytest.fixture
def at(earlier: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """A store with a run that was published."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(earlier[1], tmp_path / "copy")
    for run in (tmp_path / "copy").glob("*/runs/*"):
        if not (run / "manifest.json").exists():  # what other tests of the same store began and saw refused
            shutil.rmtree(run)
    return "--store", str(tmp_path / "copy")


def saved(page: Path, answers: dict[int, dict[str, Any]]) -> str:
    """The file that the page saves."""
    queue = json.loads(page.read_text().split('id="queue">')[1].split("</script>")[0])
    rows = [{**queue["rows"][place], "annotator": "ann", **answer} for place, answer in answers.items()]
    out = page.with_suffix(".json")
    found = {"labelworks": "decisions", "dataset": queue["dataset"], "run": queue["run"], "answers": rows}
    out.write_text(json.dumps(found))
    return str(out)


def test_answers_come_back_and_their_rows_are_asked_no_more(
    at: tuple[str, str], command: Any, tmp_path: Path
) -> None:
    code, out, err = command("review", "export", "--rows", "4", *at)
    assert (code, Path(out.strip()).name) == (0, "review.html")
    assert "4 rows to look at" in err
    file = saved(
        tmp_path / "review.html",
        {
            0: {"answer": "class-1", "when": "2026-11-29T01:02:03Z"},
            1: {"answer": "(keep)"},
            2: {"answer": "\x1b[31mowl"},
            3: {"answer": "class-0", "content": "x0000000000000000"},
        },
    )
    code, out, err = command("review", "import", file, *at, "--json")
    found = json.loads(out)
    assert (code, found["taken"], found["dataset"]) == (0, 2, "made")
    assert [each["row"] for each in found["aside"]] == [3, 4]
    assert [each["reason"].split(":")[0] for each in found["aside"]] == [
        "'\\x1b[31mowl' is no class",
        "stale",
    ]
    store = Store(at[1])
    kept = read_decisions(store, decisions_files(store, "made")).to_pylist()
    assert [(row["answer"], row["annotator"], row["why"]) for row in kept] == [
        ("class", "ann", "queue"), ("keep", "ann", "queue"),
    ]  # fmt: skip
    assert kept[0]["when"].isoformat() == "2026-11-29T01:02:03+00:00"
    code, _, err = command("review", "export", "--to", "more.csv", *at)
    with (tmp_path / "more.csv").open(newline="") as cells:
        more = {row["id"]: row["sample"] for row in csv.DictReader(cells)}
    assert code == 0
    samples = [more[row["id"]].partition("-")[0] for row in kept if row["id"] in more]
    assert samples
    assert set(samples) <= {"gold", "again"}  # shown again with a reason, and no other way
    code, out, err = command("review", "import", file, *at)
    assert out.startswith("0 taken\n2 put aside: decided before")
    assert "\x1b" not in out + err


def test_what_can_not_be_written_is_said_before_the_run_is_opened(command: Any, tmp_path: Path) -> None:
    code, _, err = command("review", "export", "--to", "a.xlsx", "--store", str(tmp_path / "none"))
    assert code == 2
    assert ".parquet" in err
