"""What no run can learn from is said from the columns, before a server or a cluster is asked for."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelworks.flows import execute as running
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import GateRefused, InputError, LabelworksError
from labelworks.tasks.ingest import learnable
from labelworks.tasks.sources.columns import Columns
from labelworks.tasks.sources.source import Source

ROWS = 400


@pytest.fixture
def execute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a table's labels; whatever isn't refused from the columns reaches the servers, and says so."""

    def servers(*_: Any, **__: Any) -> Any:
        raise LabelworksError("the servers are started")

    monkeypatch.setattr(running, "servers", servers)

    def execute(labels: Any, task: str = "classification", parts: int = 2, **more: Any) -> str:
        folder = tmp_path / "data"
        folder.mkdir()
        days = ["31/01/2026"] * len(labels)
        table = pa.table({"text": ["t"] * len(labels), "label": labels, "day": days})
        size = -(-len(labels) // parts)
        for part in range(parts):
            pq.write_table(table.slice(part * size, size), folder / f"{part}.parquet")
        dataset = {"source": str(folder), "label": "label", "features": {"text": "text"}, "task": task}
        if task == "tokens":
            dataset["features"] = {"tokens": "text"}
        raw = {
            "dataset": dataset | more.pop("dataset", {}),
            "store": {"root": str(tmp_path / "store")},
            "compute": {"partition_rows": 100},
        }
        with pytest.raises(LabelworksError) as caught:
            running.execute(RunConfig.model_validate(raw | more))
        assert not list((tmp_path / "store").rglob("*.parquet"))
        return f"{type(caught.value).__name__}: {caught.value}"

    return execute


ids = [f"id-{row}" for row in range(ROWS)]


@pytest.mark.parametrize(
    ("labels", "task", "said"),
    [
        (ids, "classification", "InputError: {data}, column 'label': 400 different labels in 400 rows"),
        (list(range(ROWS)), "classification", "400 different labels in 400 rows"),
        (ids[:250] + ids[:150], "classification", "250 different labels in 400 rows"),
        (["a"] * ROWS, "classification", "every row has the label 'a': one class only"),
        ([1] * ROWS, "classification", "every row has the label 1: one class only"),
        (pa.nulls(ROWS, pa.string()), "classification", "no row has a label that can be used (null label)"),
        ([[each] for each in ids], "multilabel", "400 different labels in 400 rows"),
        ([["a"]] * ROWS, "multilabel", "one class only"),
        (pa.array([[]] * ROWS, pa.list_(pa.string())), "multilabel", "no row has a class in its list"),
        ([["a", "b"], ["b", "a"]] * 200, "multilabel", "every row has all of the 2 classes"),
        ([1e9 + row % 9 for row in range(ROWS)], "regression",
         "labels lie between 1000000000 and 1000000008, too far from zero for single precision"),
        ([None] + [1e9 + row % 9 for row in range(ROWS - 1)], "regression", "too far from zero for single"),
        ([2.5] * ROWS, "regression", "every row has the label 2.5: there is nothing to foretell"),
        (["a", "b"] * 4, "classification", "GateRefused: {data}, before the gate after validate: the dataset "
         "is too small to prove anything: it has 8 rows"),
        (["a", "b"] * 9 + ["a"], "classification", "too small to prove anything: it has 19 rows"),
        ([["a"], ["b"]] * 9, "multilabel", "too small to prove anything: it has 18 rows"),
        ([1.5, 2.5] * 9, "regression", "too small to prove anything: it has 18 rows"),
        ([["B-a"], ["O"]] * 9, "tokens", "too small to prove anything: it has 18 rows"),
    ],
)  # fmt: skip
def test_what_cannot_be_learnt_from_is_refused_before_servers(
    execute: Any, tmp_path: Path, labels: Any, task: str, said: str
) -> None:
    found = execute(labels, task)
    assert said.replace("{data}", str(tmp_path / "data")) in found


def test_what_puts_the_rows_aside_is_said_with_what_to_do(execute: Any) -> None:
    latin = pa.array([b"caf\xe9"] * 300 + [b"tea"] * 100).view(pa.string())
    said = execute(latin)
    assert "every row has the label 'tea' (300 rows are put aside: label is not UTF-8): one class" in said
    assert "encoding: cp1252" in said


def test_percentages_are_no_fault_of_the_labels() -> None:
    source = Source({"source": "data"}, Columns("vector", ("v",), label="y", pred_probs="p"))
    reasons = Counter({"pred_probs sums to 100, not 1": ROWS})
    with pytest.raises(InputError, match=r"^data: no row can be used \(pred_probs sums to 100") as caught:
        learnable.refuse_labels(source, {}, reasons)
    assert "leave dataset.pred_probs out" in caught.value.fix


def test_rows_without_times_are_no_fault_of_the_labels(execute: Any) -> None:
    said = execute(["a", "b"] * 200, dataset={"time": "day"})
    assert "data: no row can be used (time is not ISO 8601)\n  write times as 2026-01-31" in said


@pytest.mark.parametrize(
    ("labels", "task", "more"),
    [
        (["a", "b"] * 10, "classification", {}),  # all are held out, one fold after another
        (["a", "b"] * 200, "classification", {"dataset": {"classes": ["a", "b", "c"]}}),
        (ids[:20] + ["a", "b"] * 190, "classification", {}),  # some classes of one row
        (["a", None] + ["b", "a"] * 10, "classification", {}),  # ingest tells of the row that can't be used
        ([["a", "b"], []] * 200, "multilabel", {}),
        ([float(row) for row in range(ROWS)], "regression", {}),
        (["a", "b"] * 4, "classification", {"gates": {"validate": {"thresholds": {"min_holdout_rows": 2}}}}),
        (["a", "b"] * 4, "classification",
         {"gates": {"validate": {"severity": {"min_holdout_rows": "warning"}}}}),
    ],
)  # fmt: skip
def test_everything_else_goes_on(execute: Any, labels: Any, task: str, more: dict[str, Any]) -> None:
    assert "the servers are started" in execute(labels, task, **more)


@pytest.mark.parametrize("labels", [["a"] * ROWS, ids[:50] * 8])
def test_of_large_data_a_part_is_looked_at_and_judged_as_such(
    execute: Any, monkeypatch: pytest.MonkeyPatch, labels: list[str]
) -> None:
    monkeypatch.setattr(learnable, "MOST_ROWS", 150)
    asked: list[int] = []
    scan = learnable.scan
    monkeypatch.setattr(learnable, "scan", lambda part, *rest: asked.append(part.rows) or scan(part, *rest))
    found = execute(labels, parts=10)
    assert 0 < sum(asked) < ROWS
    assert "the servers are started" in found  # the others may be of other classes


def test_a_part_of_which_every_label_is_another_is_an_id(
    execute: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learnable, "MOST_ROWS", 200)
    assert "200 different labels in 200 rows" in execute(ids, parts=4)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (list(range(10)), r"InputError: .*, column 'label'.*\n.*set dataset.task: regression"),
        (["a", "b"] * 5, r"(?s)GateRefused: .*it has 10 rows, 20 is the least.*min_holdout_rows"),
    ],
)
def test_both_errors_say_what_to_do(execute: Any, labels: Any, said: str) -> None:
    assert re.match(said, execute(labels))
    assert GateRefused.exit_code == 3
