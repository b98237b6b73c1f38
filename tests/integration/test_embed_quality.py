"""The gate after embed: a collapsed embedding is refused, copies are told, and repeats are encoded once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.run import execute

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("prefect_api")]


def test_a_collapsed_embedding_is_refused(made: Any, write: Any, run_config: Any) -> None:
    table = made().table
    same = np.tile(np.random.default_rng(0).normal(size=(400, 1)), (1, 6)).astype(np.float32)
    place = table.column_names.index("vector")
    table = table.set_column(place, "vector", pa.array(same.tolist(), pa.list_(pa.float32())))
    record = execute(run_config(write(table)))
    assert record.status == "refused"
    assert [check.name for check in record.gates["embed"].failed] == ["min_rank_share"]
    assert "detect" not in record.gates


def with_copies(made: Any) -> pa.Table:
    """Rows of which eight are there twice, two of them with another label and two slightly moved."""
    table = made(rows=600, noise=0.05, seed=3).table
    copied = table.slice(0, 8).set_column(0, "id", pa.array([f"copy-{row}" for row in range(8)]))
    labels = copied["label"].to_pylist()
    labels[:2] = [next(each for each in table["label"].to_pylist() if each != label) for label in labels[:2]]
    vectors = np.array(copied["vector"].to_pylist(), np.float32)
    vectors[6:] += 0.002
    copied = copied.set_column(copied.column_names.index("label"), "label", pa.array(labels))
    place = copied.column_names.index("vector")
    copied = copied.set_column(place, "vector", pa.array(vectors.tolist(), pa.list_(pa.float32())))
    return pa.concat_tables([table, copied])


def test_copies_with_two_labels_are_told_listed_and_heard(
    made: Any, write: Any, run_config: Any, published: Any, tmp_path: Any
) -> None:
    config = run_config(write(with_copies(made), parts=3))
    record = execute(config)
    assert record.status == "published"
    assert [check.name for check in record.gates["embed"].warned] == ["max_label_conflicts"]
    (listed,) = (tmp_path / "store").rglob("duplicates.parquet")
    found = pq.read_table(listed)
    assert found.num_rows == 16
    assert sorted(found["group"].to_pylist()) == sorted(2 * list(set(found["group"].to_pylist())))
    assert (sum(found["conflict"].to_pylist()), sum(found["near"].to_pylist())) == (4, 4)
    assert record.noise["copies_disagree"] == 4
    rows = {row["id"]: row for row in published(config).to_pylist()}
    told = {name for name, row in rows.items() if row["reason"].endswith("; copies disagree")}
    assert told == {"row-00000", "row-00001", "copy-0", "copy-1"}
    for row in range(2):
        one, other = rows[f"row-{row:05d}"], rows[f"copy-{row}"]
        assert one["label"] == other["label"]
        assert sum(each["action"] == "relabel" for each in (one, other)) == 1


def test_copies_are_cut_where_the_target_of_the_noise_method_cuts(
    made: Any, write: Any, run_config: Any
) -> None:
    noise = {"method": "auto", "options": {"target": {"budget": 0}}}
    record = execute(run_config(write(with_copies(made), parts=3), detect={"noise": noise}))
    assert record.noise["copies_disagree"] == 4
    assert record.noise["flagged"] == 0
