"""The column of prediction sets: it covers the truth, and is there only where it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from labelworks.schemas.config.run import RunConfig
from tests.support.stages import run_stages

ROWS, NAMES = 900, np.array(["cat", "dog", "owl"])


def pets(seed: int = 0) -> tuple[pa.Table, np.ndarray]:
    """Three classes that overlap, a fifth of the labels wrong."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 3, ROWS)
    given = np.where(rng.random(ROWS) < 0.2, (true + 1) % 3, true)
    vectors = (2.2 * np.eye(3, 8)[true] + rng.normal(size=(ROWS, 8))).astype(np.float32)
    column = pa.FixedSizeListArray.from_arrays(vectors.ravel(), 8)
    return pa.table(
        {"id": [f"{row:05d}" for row in range(ROWS)], "label": NAMES[given], "vector": column}
    ), true


def test_sets_of_a_run_hold_the_true_class(write: Any, run_config: Any, published: Any) -> None:
    table, true = pets()
    record = run_stages(run_config(write(table), treat={"prediction_sets": {"coverage": 0.9}}))
    rows = published(run_config(write(table), treat={"prediction_sets": {"coverage": 0.9}}))
    sets = rows["prediction_set"].to_pylist()
    held = np.mean([NAMES[each] in classes for each, classes in zip(true, sets, strict=True)])
    assert 0.85 <= held <= 0.96
    found = record.prediction_sets
    assert found.mean_size == pytest.approx(np.mean([len(classes) for classes in sets]))
    assert found.single_share == pytest.approx(np.mean([len(classes) == 1 for classes in sets]))
    assert 0.8 <= found.mean_size < 2.0
    assert rows.schema.field("prediction_set").metadata[b"about"]
    assert record.report


@pytest.fixture
def target_of() -> Any:
    """The published rows of a run's target window."""

    def read(record: Any, config: RunConfig) -> pa.Table:
        folder = Path(config.store.root) / config.dataset.key / "runs" / record.run_id
        return pa.concat_tables([pq.read_table(folder / name) for name in record.target_parts])

    return read


def test_without_being_asked_there_is_no_column(write: Any, run_config: Any, published: Any) -> None:
    config = run_config(write(pets()[0]))
    record = run_stages(config)
    assert record.prediction_sets is None
    assert "prediction_set" not in published(config).column_names


def test_sets_of_the_target_window_hold_the_true_class_at_its_mix(
    write: Any, run_config: Any, target_of: Any
) -> None:
    table, _ = pets()
    rng = np.random.default_rng(3)
    true = rng.choice(3, ROWS, p=[0.7, 0.2, 0.1])
    vectors = (2.2 * np.eye(3, 8)[true] + rng.normal(size=(ROWS, 8))).astype(np.float32)
    window = pa.table(
        {
            "id": [f"t{row:05d}" for row in range(ROWS)],
            "vector": pa.FixedSizeListArray.from_arrays(vectors.ravel(), 8),
        }
    )
    config = run_config(
        write(table),
        dataset={"target": str(write(window, "target"))},
        treat={"prediction_sets": {"coverage": 0.9}},
    )
    rows = target_of(run_stages(config), config)
    place = [int(name[1:]) for name in rows["id"].to_pylist()]
    sets = rows["prediction_set"].to_pylist()
    held = np.mean([NAMES[true[row]] in classes for row, classes in zip(place, sets, strict=True)])
    assert 0.85 <= held <= 0.96
    assert 0.8 <= np.mean([len(classes) for classes in sets]) < 2.0


def test_of_label_sets_each_label_is_covered(write: Any, run_config: Any, published: Any) -> None:
    rng = np.random.default_rng(0)
    true = rng.random((ROWS, 3)) < 0.4
    vectors = (3 * true @ np.eye(3, 8) + rng.normal(size=(ROWS, 8))).astype(np.float32)
    given = true ^ (rng.random((ROWS, 3)) < 0.05)
    table = pa.table(
        {
            "id": [f"{row:05d}" for row in range(ROWS)],
            "label": [NAMES[row].tolist() for row in given],
            "vector": pa.FixedSizeListArray.from_arrays(vectors.ravel(), 8),
        }
    )
    config = run_config(
        write(table), dataset={"task": "multilabel"}, treat={"prediction_sets": {"coverage": 0.9}}
    )
    record = run_stages(config)
    assert record.prediction_sets.by_class
    rows = published(config)
    members = np.array([[name in row for name in NAMES] for row in rows["prediction_set"].to_pylist()])
    assert all(0.8 <= members[true[:, k], k].mean() <= 0.99 for k in range(3))
    assert members.mean() < 0.7
    assert pc.list_value_length(rows["prediction_set"]).null_count == 0


def test_numbers_have_no_sets_of_classes() -> None:
    dataset = {"source": "s", "label": "l", "features": {"vector": "v"}, "task": "regression"}
    with pytest.raises(ValueError, match=r"treat\.prediction_sets are sets of classes"):
        RunConfig.model_validate({"dataset": dataset, "treat": {"prediction_sets": {}}})
