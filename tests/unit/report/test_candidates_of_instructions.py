"""Rows that may show what a class is: undoubted, called as they are labelled, some of each class."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from labelworks.schemas.tables import SCORES
from labelworks.tasks.artifacts.soft_labels import soft_columns
from labelworks.tasks.report.instructions.choose import candidates_in
from labelworks.tasks.storage.store import Store

ROWS = 80


def scored(folder: Path, classes: int) -> tuple[Any, Any, np.ndarray, np.ndarray]:
    """A store with scores of one partition; artifacts and reference, posteriors (N, K), given labels (N,)."""
    rng = np.random.default_rng(0)
    given = np.arange(ROWS) % 4
    posterior = rng.dirichlet(np.full(classes, 0.05), ROWS).astype(np.float32)
    posterior[::2, 0:4] += np.eye(4, dtype=np.float32)[given[::2]]
    posterior /= posterior.sum(1, keepdims=True)
    error = 1 - posterior[np.arange(ROWS), given]
    known = {
        "row": np.arange(ROWS), "id": [f"r{row}" for row in range(ROWS)], "given": given,
        "flag": np.arange(ROWS) % 10 == 0, "error_probability": error, **soft_columns(posterior, given),
    }  # fmt: skip
    arrays = [pa.array(known[f.name], f.type) if f.name in known else pa.nulls(ROWS, f.type) for f in SCORES]
    store = Store(str(folder))
    store.write_table("scores.parquet", pa.table(arrays, schema=SCORES))
    artifacts = SimpleNamespace(store=store, scores=lambda ref, partition: "scores.parquet")
    return artifacts, SimpleNamespace(classes=tuple(range(classes))), posterior, given


@pytest.mark.parametrize("classes", [5, 300])
def test_candidates(classes: int, tmp_path: Path) -> None:
    artifacts, ref, posterior, given = scored(tmp_path, classes)
    found = candidates_in(SimpleNamespace(key="p"), artifacts, ref, 1000, range(4))  # type: ignore[arg-type]
    expected = [row for row in range(ROWS) if row % 10 and posterior[row].argmax() == given[row]]
    assert sorted(found["row"]) == expected
    for line in found.to_dict("records"):
        others = posterior[line["row"]].copy()
        others[line["given"]] = -1
        assert line["code"] == others.argmax()
        assert line["other"] == pytest.approx(others.max(), abs=1e-4)
        assert line["own"] == pytest.approx(posterior[line["row"], line["given"]], abs=1e-4)


def test_so_many_of_each_class(tmp_path: Path) -> None:
    artifacts, ref, *_ = scored(tmp_path, 5)
    found = candidates_in(SimpleNamespace(key="p"), artifacts, ref, 3, range(4))  # type: ignore[arg-type]
    assert found["given"].value_counts().max() == 3


def test_of_the_classes_that_are_asked_for_alone(tmp_path: Path) -> None:
    artifacts, ref, *_ = scored(tmp_path, 5)
    found = candidates_in(SimpleNamespace(key="p"), artifacts, ref, 3, [1, 3])  # type: ignore[arg-type]
    assert set(found["given"]) == {1, 3}
