"""What is in a version: counts by part, the nutrition label, the card's Markdown."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml
from huggingface_hub import DatasetCard

from labelworks.tasks.exports.described.card import card
from labelworks.tasks.exports.described.contents import Contents, contents_in, contents_of
from labelworks.tasks.exports.described.facts import Facts
from labelworks.tasks.exports.described.nutrition import nutrition
from labelworks.tasks.storage.store import Store
from tests.support import reports

HOSTILE = "</td><script>alert(1)</script>|`x`\n---\n# no"


def part(
    labels: list[Any], kind: pa.DataType, weight: list[float], given: list[Any] | None = None
) -> pa.Table:
    action = ["review" if value == weight[0] else "keep" for value in weight]
    return pa.table(
        {
            "label": pa.array(labels, kind), "original_label": pa.array(given or labels, kind),
            "action": action, "weight": pa.array(weight, pa.float32()),
            "suggestion": pa.nulls(len(labels), kind),
        }
    )  # fmt: skip


def test_parts_add_up(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.write_table("a.parquet", part(["x", "y"], pa.string(), [2.0, 1.0], ["y", "y"]))
    store.write_table("b.parquet", part(["y"], pa.string(), [1.0]))
    found = contents_of(store, ["a.parquet", "b.parquet"])
    assert (found.rows, found.changed) == (3, 1)
    assert found.labels == Counter(x=1, y=2)
    assert found.effective_share == pytest.approx(16 / (6 * 3))
    assert Contents().effective_share is None


def test_lists_and_numbers(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.write_table("a.parquet", part([["x", "y"], []], pa.list_(pa.string()), [1.0, 1.0], [["x"], []]))
    several = contents_in("a.parquet", store)
    assert (several.changed, several.unlabelled, several.labels) == (1, 1, Counter(x=1, y=1))
    store.write_table("b.parquet", part([3.5, -1.0], pa.float64(), [1.0, 1.0]))
    numbers = contents_in("b.parquet", store)
    assert (numbers.least, numbers.largest, numbers.labels) == (-1.0, 3.5, Counter())


def facts(**about: Any) -> Facts:
    config = {"dataset": {"name": "digits", "about": about}}
    contents = Contents(
        10, 2, 0, Counter(keep=8, relabel=2), Counter({HOSTILE: 4, "1": 6}), None, None, 10, 12
    )
    columns = [("id", "string", "the row's name"), ("soft_label", "list<element: float>", "")]
    record = reports.published(config=config, parts=["publish/part-a.parquet"])
    return Facts(record, contents, columns, "text", "classification", 3)


def test_the_label_says_what_a_user_has_to_know() -> None:
    lines = {line.name: line for line in facts(license="cc-by-4.0").nutrition}
    assert lines["rows"].value == "10"
    assert lines["rows put aside as unusable"].value == "3"
    assert lines["smallest class"].remark == "4 rows, 40.0 % of all"
    assert lines["given labels that are wrong, estimated"].value == "19.6 %"
    assert lines["given labels that are wrong, estimated"].remark == "between 18.0 % and 21.5 %"
    assert lines["effective rows"].value == f"{100 * 100 / 120:.1f} %"
    assert lines["gain of a model trained on it"].value == "+5.4 points of accuracy"
    assert (lines["licence"].value, lines["source"].value) == ("cc-by-4.0", "not said")
    bare = reports.refused(config={})
    assert [line.name for line in nutrition(bare, Contents(2, labels=Counter(a=2)))][:2] == [
        "rows",
        "classes",
    ]


def test_the_hub_reads_the_card_and_text_of_the_data_is_text() -> None:
    text = card(facts(title="Digits: [all]", license="cc-by-4.0", language=["en"], citation="A, B"))
    read = DatasetCard(text)
    assert (read.data.license, read.data.language) == ("cc-by-4.0", ["en"])
    assert read.data.pretty_name == "Digits: [all]"
    assert read.data.size_categories == ["n<1K"]
    assert read.data.task_categories == ["text-classification"]
    head = yaml.safe_load(text.split("---\n")[1])
    assert head["configs"][0]["data_files"] == "publish/*.parquet"
    assert head["dataset_info"]["features"][1] == {"name": "soft_label", "list": "float32"}
    assert "<script" not in text
    assert text.count("\n# ") == 1
    assert "## Citation\n\nA, B" in text


def test_weights_of_one_make_the_rows_count_in_full() -> None:
    rng = np.random.default_rng(0)
    weights = rng.random(50)
    found = Contents(50, weight=float(weights.sum()), squares=float(weights @ weights))
    assert found.effective_share is not None and 0.5 < found.effective_share < 1
    assert Contents(50, weight=50, squares=50).effective_share == 1
