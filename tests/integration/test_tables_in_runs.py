"""Rows of a table through the whole pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from labelworks.schemas.config.run import RunConfig
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.storage.store import Store
from tests.support.stages import run_stages

ROWS = 800


def people() -> tuple[pa.Table, np.ndarray]:
    """Rows whose label follows a number and a category; one in twelve is wrong, some cells are empty."""
    rng = np.random.default_rng(0)
    age, city = rng.integers(18, 80, ROWS), np.array(["Rome", "Oslo", "Lima"])[rng.integers(0, 3, ROWS)]
    true = (age > 50) ^ (city == "Oslo")
    wrong = rng.random(ROWS) < 1 / 12
    table = {
        "id": [f"row-{row:04d}" for row in range(ROWS)],
        "age": pa.array(age, mask=rng.random(ROWS) < 0.02),
        "city": pa.array(city, mask=rng.random(ROWS) < 0.02),
        "hired": np.datetime64("2020-01-01") + rng.integers(0, 1000, ROWS),
        "remote": rng.random(ROWS) < 0.5,
        "label": np.where(true ^ wrong, "yes", "no"),
    }
    return pa.table(table), wrong


def test_wrong_labels_of_a_table_are_found_and_a_cell_that_can_t_be_is_told(
    tmp_path: Path, published: Any
) -> None:
    """Half of the rows in parquet, half in CSV, one of whose ages is a word."""
    table, wrong = people()
    (tmp_path / "rows").mkdir()
    pq.write_table(table.slice(0, ROWS // 2), tmp_path / "rows/a.parquet")
    rest = table.slice(ROWS // 2)
    ages = [*rest["age"].cast(pa.string()).to_pylist()[:-1], "old"]
    pa_csv.write_csv(rest.set_column(1, "age", pa.array(ages)), tmp_path / "rows/b.csv")
    dataset = {"name": "people", "source": str(tmp_path / "rows"), "id": "id", "label": "label"}
    raw = {"dataset": {**dataset, "features": "auto"}, "store": {"root": str(tmp_path / "store")}}
    raw["gates"] = {"embed": {"thresholds": {"max_rejected": 0.01}}}
    config = RunConfig.model_validate(raw | {"validate": {"publish_when": {"not_worse": 1}}})
    record = run_stages(config)
    rows = published(config)
    actions = dict(zip(rows["id"].to_pylist(), rows["action"].to_pylist(), strict=True))
    doubted = np.array([actions.get(f"row-{row:04d}", "keep") != "keep" for row in range(ROWS)])
    assert record.config["dataset"]["features"]["columns"] == ["age", "city", "hired", "remote"]
    assert doubted[wrong].mean() > 0.7
    assert doubted[~wrong].mean() < 0.1
    assert record.trees.rows == ROWS - 1 and record.trees.share > 0.5
    artifacts = Artifacts(Store(config.store.root), config.dataset.key, record.run_id)
    (aside,) = artifacts.store.read_table(artifacts.file("embed", "rejected.parquet")).to_pylist()
    assert aside["reason"] == "column 'age' is 'old', no finite number"
    assert (aside["file"], aside["row"]) == ("b.csv", ROWS // 2 - 1)
