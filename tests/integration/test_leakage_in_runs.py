"""Splits named by a column: what they share is counted, kept row by row, shown, and refused where asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelworks.schemas.errors import InputError
from tests.support.stages import run_stages

TRAIN, TEST = 300, 120


def table(*, dirty: bool) -> pa.Table:
    """Train, then test; dirty: 9 test rows equal to training rows, 6 nearly, 4 ids of both, a class of 5."""
    rng = np.random.default_rng(3)
    rows = TRAIN + TEST
    given = rng.integers(0, 3, rows)
    vectors = (4 * np.eye(3, 24)[given] + rng.normal(size=(rows, 24))).astype(np.float32)
    ids = [f"{row:05d}" for row in range(rows)]
    labels = [f"class {each}" for each in given]
    split = ["train"] * TRAIN + ["test"] * TEST
    day = np.datetime64("2026-01-01") + np.arange(rows)
    if dirty:
        vectors[TRAIN : TRAIN + 9] = vectors[:9]
        vectors[TRAIN + 9 : TRAIN + 15] = vectors[9:15] + np.float32(1e-3)
        labels[TRAIN : TRAIN + 15] = labels[:15]
        ids[TRAIN + 20 : TRAIN + 24] = ids[20:24]
        labels[TRAIN + 30 : TRAIN + 35] = ["new"] * 5
        day[TRAIN + 40 : TRAIN + 47] = np.datetime64("2025-06-01")
    column = pa.FixedSizeListArray.from_arrays(vectors.ravel(), 24)
    order = rng.permutation(rows)
    made = {"id": ids, "label": labels, "vector": column, "part": split, "day": pa.array(day)}
    return pa.table(made).take(pa.array(order))


def config_of(run_config: Any, source: Path, **gates: Any) -> Any:
    allowed = {"ingest": {"thresholds": {"max_rejected": 0.02}}}
    made = run_config(source, gates=allowed | gates, compute={"partition_rows": 150})
    base = made.model_dump(mode="json", by_alias=True)
    base["dataset"] |= {"split": "part", "time": "day"}
    return type(run_config(source)).model_validate(base)


def test_what_splits_share_is_found_row_by_row(write: Any, run_config: Any, tmp_path: Path) -> None:
    record = run_stages(config_of(run_config, write(table(dirty=True), parts=3)))
    found = record.embedding.leakage
    test, train = found.splits
    assert (found.train, train.name, train.rows, test.rows) == ("train", "train", TRAIN, TEST - 4 + 4)
    assert (test.exact, test.near, test.same_id) == (9, 6, 4)
    assert test.copies_in == {"train": 15} and train.copies_in == {"test": 15}
    assert (test.unseen_labels, test.unseen_rows) == (("new",), 5)
    assert test.early == 7 and train.early is None
    assert found.leaked_rows == 19 and found.leaked_share == pytest.approx(19 / TEST)
    assert {each.name for each in record.gates["embed"].warned} >= {"max_leaked_share", "max_unseen_labels"}
    (file,) = (tmp_path / "store").rglob("leaks.parquet")
    leaks = pq.read_table(file).to_pylist()
    assert len([row for row in leaks if row["split"] == "test"]) == 19
    assert {row["why"] for row in leaks} == {"the same content", "nearly the same content", "the same id"}
    assert "Between the splits" in Path(record.report).read_text(encoding="utf-8")


def test_clean_splits_share_nothing_and_a_threshold_refuses(write: Any, run_config: Any) -> None:
    clean = run_stages(config_of(run_config, write(table(dirty=False), "clean")))
    found = clean.embedding.leakage
    assert (found.leaked_rows, found.unseen_labels, found.early_share) == (0, 0, 0.0)
    assert not {"max_leaked_share", "max_unseen_labels"} & {each.name for each in clean.gates["embed"].warned}
    refused = run_stages(
        config_of(
            run_config,
            write(table(dirty=True), "dirty"),
            embed={"severity": {"max_leaked_share": "error"}, "thresholds": {"max_leaked_share": 0.01}},
        )
    )
    assert refused.status == "refused"
    (failed,) = refused.gates["embed"].failed
    assert failed.sentence.startswith("rows of one split are in another too (max_leaked_share: 0.1583")


def test_a_column_of_many_values_is_no_split(write: Any, run_config: Any) -> None:
    source = write(table(dirty=False).drop_columns(["part"]).rename_columns(["id", "label", "vector", "day"]))
    base = run_config(source).model_dump(mode="json", by_alias=True)
    base["dataset"]["split"] = "id"
    config = type(run_config(source)).model_validate(base)
    with pytest.raises(InputError, match="has 420 different values, 20 are the most"):
        run_stages(config)
