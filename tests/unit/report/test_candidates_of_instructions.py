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
from labelworks.tasks.methods.statistics.folds import hash_ids, in_sample
from labelworks.tasks.report.instructions.choose import AskedClasses, candidates_in
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
    found = candidates_in(SimpleNamespace(key="p"), artifacts, ref, AskedClasses(range(4), 1000, 0, 1.0))  # type: ignore[arg-type]
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
    found = candidates_in(SimpleNamespace(key="p"), artifacts, ref, AskedClasses(range(4), 3, 0, 1.0))  # type: ignore[arg-type]
    assert found["given"].value_counts().max() == 3


def test_of_the_classes_that_are_asked_for_alone(tmp_path: Path) -> None:
    artifacts, ref, *_ = scored(tmp_path, 5)
    found = candidates_in(SimpleNamespace(key="p"), artifacts, ref, AskedClasses([1, 3], 3, 0, 1.0))  # type: ignore[arg-type]
    assert set(found["given"]) == {1, 3}


def test_beyond_the_sample_only_where_it_has_few(tmp_path: Path) -> None:
    artifacts, ref, *_ = scored(tmp_path, 5)
    partition: Any = SimpleNamespace(key="p")
    everything = candidates_in(partition, artifacts, ref, AskedClasses(range(4), 1000, 1000, 0.3))
    sampled = in_sample(hash_ids(pa.array([f"r{row}" for row in range(ROWS)])), 0.3)
    places = np.where(sampled, np.cumsum(sampled) - 1, -1)
    assert everything["place"].tolist() == places[everything["row"]].tolist()
    held = everything[everything["place"] >= 0]["given"].value_counts()
    all_of = everything["given"].value_counts()
    for few in (0, held.min(), held.max() + 2):
        found = candidates_in(partition, artifacts, ref, AskedClasses(range(4), 1000, few, 0.3))
        expected = {code: max(held[code], min(few, all_of[code])) for code in range(4)}
        assert found["given"].value_counts().to_dict() == expected
