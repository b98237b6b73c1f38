"""Labels that are no single class: each kind is read, and what its kind doesn't bear is put aside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelworks.schemas.config.run import RunConfig
from labelworks.tasks.ingest import observed_labels
from labelworks.tasks.ingest.observed_labels import read_observed
from labelworks.tasks.ingest.scan import scan
from labelworks.tasks.planning.open_run import plan_run
from labelworks.tasks.sources.columns import Columns, ObservedColumns

CLASSES = ("a", "b", "c")
LISTS, NUMBERS = pa.list_(pa.string()), pa.list_(pa.float64())


def read(
    kind: str, label: Any = None, shares: Any = None, bag: Any = None
) -> tuple[dict[str, Any], str | None]:
    """What is kept of one row, and why it can't be used."""
    columns = {
        "label": pa.array([label], LISTS if isinstance(label, list) else pa.string()),
        "shares": pa.array([shares], NUMBERS),
        "bag": pa.array([bag], pa.string()),
    }
    observed = ObservedColumns(kind, shares="shares", bag="bag")
    asked = Columns("vector", ("v",), label="label", classes=CLASSES, observed=observed)
    found, reasons = read_observed(pa.table(columns), asked)
    return found.to_pylist()[0], reasons.to_pylist()[0]


@pytest.mark.parametrize(
    ("kind", "said", "classes", "values", "read_as"),
    [
        ("candidates", {"label": ["c", "a", "c"]}, [0, 2], [1, 1], "candidates"),
        ("candidates", {"label": "b"}, [1], [1], "candidates"),
        ("candidates", {}, [], [], "none"),
        ("complementary", {"label": ["b"]}, [1], [1], "complementary"),
        ("single", {"label": "b"}, [1], [1], "single"),
        ("single", {}, [], [], "none"),
        ("single-positive", {}, [], [], "single-positive"),
        ("soft", {"shares": [0.25, 0, 0.75]}, [0, 2], [0.25, 0.75], "soft"),
        ("soft", {}, [], [], "none"),
        ("bags", {"shares": [0.5, 0.5, 0], "bag": "x"}, [0, 1], [0.5, 0.5], "bags"),
        ("none", {}, [], [], "none"),
    ],
)
def test_kinds(
    kind: str, said: dict[str, Any], classes: list[int], values: list[float], read_as: str
) -> None:
    found, reason = read(kind, **said)
    assert reason is None
    assert (found["kind"], found["classes"], found["values"]) == (read_as, classes, values)
    assert (found["bag"] is None) == (kind != "bags")


@pytest.mark.parametrize(
    ("kind", "said", "reason"),
    [
        ("candidates", {"label": []}, observed_labels.EMPTY),
        ("candidates", {"label": ["a", "x"]}, observed_labels.UNKNOWN),
        ("candidates", {"label": ["a", None]}, observed_labels.NULL),
        ("complementary", {"label": ["a", "b", "c"]}, observed_labels.ALL_OUT),
        ("single", {"label": ["a", "b"]}, observed_labels.SEVERAL),
        ("single", {"label": []}, observed_labels.EMPTY),
        ("single-positive", {"label": ["a", "b"]}, observed_labels.SEVERAL),
        ("soft", {"shares": [0.5, 0.6, 0]}, "shares sums to 1.1, not 1"),
        ("soft", {"shares": [0.5, 0.5]}, "shares of length 2, there are 3 classes"),
        ("soft", {"shares": [-0.5, 1.5, 0]}, "shares is negative"),
        ("bags", {"shares": [1, 0, 0]}, observed_labels.NO_BAG),
        ("bags", {"bag": "x"}, observed_labels.NO_SHARES),
        ("none", {"label": "a"}, observed_labels.LABELLED),
    ],
)
def test_what_a_kind_does_not_bear_is_said(kind: str, said: dict[str, Any], reason: str) -> None:
    assert read(kind, **said)[1] == reason


def test_a_column_names_the_kind_of_each_row() -> None:
    table = pa.table({"label": ["a", "b", "c"], "kind": ["single", None, "votes"]})
    asked = Columns("vector", ("v",), label="label", classes=CLASSES, observed=ObservedColumns(column="kind"))
    found, reasons = read_observed(table, asked)
    assert found.field("kind").to_pylist() == ["single", "none", "none"]
    first, second, third = reasons.to_pylist()
    assert first is None
    assert second == "no label_kind"
    assert "label_kind 'votes' is none of single, candidates" in third


def test_whole_numbers_are_classes() -> None:
    table = pa.table({"label": pa.array([[1, 2], [3]], pa.list_(pa.int64()))})
    asked = Columns(
        "vector", ("v",), label="label", classes=(1, 2, 3), observed=ObservedColumns("candidates")
    )
    found, reasons = read_observed(table, asked)
    assert found.field("classes").to_pylist() == [[0, 1], [2]]
    assert reasons.null_count == 2


def test_rows_of_a_bag_that_tell_other_shares_are_put_aside_together(tmp_path: Path) -> None:
    """Another bag is left alone, and a row without shares is said to have none."""
    (tmp_path / "data").mkdir()
    shares = [[0.5, 0.5], [0.5, 0.5], [0.25, 0.75], [1.0, 0.0], [1.0, 0.0], None]
    rows = {"text": ["t"] * 6, "bag": list("xxxyyz"), "shares": pa.array(shares, NUMBERS)}
    pq.write_table(pa.table(rows), tmp_path / "data/a.parquet", row_group_size=2)
    kinds = {"label_kind": "bags", "shares": "shares", "bag": "bag", "classes": ["a", "b"]}
    data = {"source": str(tmp_path / "data"), "features": {"text": "text"}, **kinds}
    run, plans = plan_run(RunConfig.model_validate({"dataset": data, "store": {"root": str(tmp_path)}}), {})
    (partition,) = plans["source"].partitions
    found = scan(partition, run.source, "string")
    assert found.rows["file_row"].to_pylist() == [3, 4]
    said = [observed_labels.UNEVEN] * 3 + [observed_labels.NO_SHARES]
    assert found.rejected["reason"].to_pylist() == said
    assert found.rejected["row"].to_pylist() == [0, 1, 2, 5]
