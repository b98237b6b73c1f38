"""The columns of rows of a table, of a store written by hand."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.records import DatasetRef
from labelworks.schemas.tables import SCORES
from labelworks.tasks.artifacts.shown.contents import SHOWN_CELLS, contents, said
from labelworks.tasks.ingest.scan import write_index
from labelworks.tasks.planning.open_run import plan_run

ROWS = 200


@pytest.fixture
def table(tmp_path):
    """A run on a table whose column `size` tells the class; row 0 is of the size of the other one."""
    label = np.arange(ROWS) % 2
    size = np.where(label == 1, 90.0, 10.0) + np.arange(ROWS) / 100
    size[0] = 91.0
    filled = {f"x{place}": np.zeros(ROWS, np.int8) for place in range(SHOWN_CELLS)}
    rows = {
        "key": [f"r{row}" for row in range(ROWS)],
        "note": [None, "<b>a</b>"] * (ROWS // 2),
        "truth": [True] * ROWS,
        "size": size.astype(np.float32),
        **filled,
        "kind": np.array(["a", "b"])[label],
    }
    pq.write_table(pa.table(rows), tmp_path / "rows.parquet")
    features = {"columns": ["note", "truth", "size", *filled]}
    source = str(tmp_path / "rows.parquet")
    config = RunConfig.model_validate(
        {
            "dataset": {"source": source, "id": "key", "label": "kind", "features": features},
            "store": {"root": str(tmp_path / "store")},
        }
    )
    run, plans = plan_run(config, {})
    (partition,) = plans["source"].partitions
    ref = DatasetRef(
        run_id=run.artifacts.id, dataset=run.artifacts.dataset, uri="", classes=("a", "b"),
        partitions=(partition,), model_key="m",
    )  # fmt: skip
    write_index(run.artifacts, run.source, partition, "string")
    return run, ref, partition, label


def score(run, ref, partition, label):
    columns = {
        "row": np.arange(ROWS),
        "id": [f"r{row}" for row in range(ROWS)],
        "given": label,
        "suggestion": np.where(np.arange(ROWS) == 0, 1, label),
    }
    arrays = [
        pa.array(columns[field.name], field.type) if field.name in columns else pa.nulls(ROWS, field.type)
        for field in SCORES
    ]
    run.artifacts.store.write_table(run.artifacts.scores(ref, partition), pa.table(arrays, schema=SCORES))


def test_columns_that_speak_for_the_suggested_label_come_first(table):
    run, ref, partition, label = table
    score(run, ref, partition, label)
    doubted, fine = contents(run.artifacts, run.source, ref, [(partition.key, row) for row in (0, 3)])
    assert doubted.cells[0] == ("size", "91", True)
    assert not any(cell.tells for cell in doubted.cells[1:])
    assert [cell.name for cell in fine.cells[:3]] == ["note", "truth", "size"]
    assert not any(cell.tells for cell in fine.cells)
    assert (len(fine.cells), fine.columns) == (SHOWN_CELLS, SHOWN_CELLS + 3)


def test_before_labels_are_judged_columns_are_in_the_order_of_the_file(table):
    run, ref, partition, _ = table
    (row,) = contents(run.artifacts, run.source, ref, [(partition.key, 0)])
    assert row.cells[:3] == (("note", "", False), ("truth", "true", False), ("size", "91", False))
    assert said(row).startswith("note: \ntruth: true\nsize: 91\n")
