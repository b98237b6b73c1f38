"""Rows that people look at, of a store written by hand."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.records import DatasetRef
from labelworks.schemas.tables import SCORES
from labelworks.tasks.artifacts.shown import contents, flagged_rows
from labelworks.tasks.ingest.scan import write_index
from labelworks.tasks.planning.open_run import plan_run

ROWS = 40


@pytest.fixture
def scored(tmp_path: Path):
    """A run whose rows of two partitions have scores, every fourth flagged, and no treatment yet."""
    (tmp_path / "source").mkdir()
    for part in range(2):
        rows = {
            "key": [f"r{part}-{row}" for row in range(ROWS)],
            "words": [f"text {part}-{row}" for row in range(ROWS)],
            "kind": ["a", "b"] * (ROWS // 2),
        }
        pq.write_table(pa.table(rows), tmp_path / f"source/{part}.parquet")
    config = RunConfig.model_validate(
        {
            "dataset": {"source": str(tmp_path / "source"), "id": "key", "label": "kind",
                        "features": {"text": "words"}},
            "store": {"root": str(tmp_path / "store")},
        }
    )  # fmt: skip
    run, plans = plan_run(config, {})
    partitions = plans["source"].partitions
    ref = DatasetRef(
        run_id=run.artifacts.id,
        dataset=run.artifacts.dataset,
        uri="",
        classes=("a", "b"),
        partitions=tuple(partitions),
        model_key="m",
    )
    for part, partition in enumerate(partitions):
        write_index(run.artifacts, run.source, partition, "string")
        place = np.arange(ROWS)
        columns = {
            "row": place, "id": [f"r{part}-{row}" for row in place], "given": place % 2,
            "suggestion": 1 - place % 2, "error_probability": (place + part / 2) / ROWS,
            "flag": place % 4 == 0,
        }  # fmt: skip
        arrays = [
            pa.array(columns[field.name], field.type) if field.name in columns else pa.nulls(ROWS, field.type)
            for field in SCORES
        ]
        run.artifacts.store.write_table(run.artifacts.scores(ref, partition), pa.table(arrays, schema=SCORES))
    return run, ref


def test_flagged_rows_of_all_partitions_come_likeliest_first(scored, monkeypatch):
    run, ref = scored
    rows, count = flagged_rows.flagged(run.artifacts, ref, treated=False)
    assert count == len(rows) == ROWS // 2
    assert [row.id for row in rows[:3]] == ["r1-36", "r0-36", "r1-32"]
    assert {(row.action, row.reason) for row in rows} == {("", "")}
    monkeypatch.setattr(flagged_rows, "LISTED", 3)
    assert flagged_rows.flagged(run.artifacts, ref, treated=False) == (rows[:3], ROWS // 2)


def test_what_is_in_rows_is_read_while_it_is_cheap(scored, monkeypatch):
    run, ref = scored
    rows, _ = flagged_rows.flagged(run.artifacts, ref, treated=False)
    places = [row.place for row in rows]
    found = contents.contents(run.artifacts, run.source, ref, places)
    assert [each.text for each in found[:2]] == ["text 1-36", "text 0-36"]
    monkeypatch.setattr(contents, "READ_BYTES", 1)
    found = contents.contents(run.artifacts, run.source, ref, places)
    assert found[0].text == "text 1-36"
    assert (found[1].text, found[1].vector) == (None, "0.parquet, row 36")


def test_rows_are_found_by_their_ids(scored):
    run, ref = scored
    found = contents.by_ids(run.artifacts, run.source, ref, "source", ["r1-3", "r0-5", "none"])
    assert {name: value.text for name, value in found.items()} == {"r1-3": "text 1-3", "r0-5": "text 0-5"}
