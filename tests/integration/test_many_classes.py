"""Datasets of more classes than soft labels have numbers for."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.support.stages import run_stages

CLASSES, EACH = 260, 8


@pytest.fixture
def rows() -> tuple[pa.Table, np.ndarray]:
    """Vectors near the mean of their class, of which one in ten bears another label; one row has a copy."""
    rng = np.random.default_rng(0)
    true = np.repeat(np.arange(CLASSES), EACH)
    vectors = (6 * rng.normal(size=(CLASSES, 24)))[true] + rng.normal(size=(len(true), 24))
    given = np.where(rng.random(len(true)) < 0.1, rng.integers(0, CLASSES, len(true)), true)
    vectors[1], given[:2] = vectors[0], (true[0], true[0] + 1)
    table = pa.table(
        {
            "id": [f"r{row:05d}" for row in range(len(true))],
            "vector": pa.array(vectors.tolist(), pa.list_(pa.float32())),
            "label": [f"class-{code:03d}" for code in given],
        }
    )
    return table, true


def test_soft_labels_name_the_likeliest_classes(
    rows: Any, write: Any, run_config: Any, published: Any
) -> None:
    table, true = rows
    config = run_config(
        write(table),
        treat={"objective": "accuracy", "min_class_rows": 0, "prediction_sets": {"coverage": 0.9}},
        gates={"detect": {"severity": {"max_noise_rate": "warning"}}},
    )
    run_stages(config)
    found = published(config, all_columns=True)
    soft = np.array(found["soft_label"].to_pylist())
    classes = np.array(found["soft_label_classes"].to_pylist())
    rest = found["soft_label_rest"].to_numpy()
    assert soft.shape == classes.shape == (len(true), 20)
    np.testing.assert_allclose(soft.sum(axis=1) + rest, 1, atol=1e-4)
    named = np.array([f"class-{code:03d}" for code in true])
    assert (classes[np.arange(len(true)), soft.argmax(axis=1)] == named).mean() > 0.9
    sets = found["prediction_set"].to_pylist()
    assert 0.85 <= np.mean([name in row for name, row in zip(named, sets, strict=True)]) <= 0.97
    assert np.mean([len(row) for row in sets]) < 1.5
    given = np.array(found["original_label"].to_pylist())
    assert (classes == given[:, None]).sum(axis=1).tolist() == [1] * len(true)
    assert set(classes.ravel()) <= set(json.loads(found.schema.metadata[b"labelworks.classes"]))
