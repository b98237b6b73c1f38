"""The gate after embed: a collapsed embedding is refused, copies are told, and repeats are encoded once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.stages import run_stages


def labelled(table: pa.Table, task: str) -> pa.Table:
    """The rows with labels of another task, which their vectors tell."""
    vectors = np.array(table["vector"].to_pylist())
    if task == "regression":
        labels = pa.array(vectors.sum(axis=1))
    elif task == "multilabel":
        labels = pa.array([[f"over-{k}" for k in np.flatnonzero(row > 0)] for row in vectors])
    else:
        return table
    return table.set_column(table.column_names.index("label"), "label", labels)


@pytest.mark.parametrize("task", ["classification", "multilabel", "regression"])
def test_a_collapsed_embedding_is_refused(made: Any, write: Any, run_config: Any, task: str) -> None:
    table = labelled(made().table, task)
    same = np.tile(np.random.default_rng(0).normal(size=(400, 1)), (1, 6)).astype(np.float32)
    place = table.column_names.index("vector")
    table = table.set_column(place, "vector", pa.array(same.tolist(), pa.list_(pa.float32())))
    record = run_stages(run_config(write(table), dataset={"task": task}))
    assert record.status == "refused"
    assert [check.name for check in record.gates["embed"].failed] == ["min_rank_share"]
    assert "the vectors are all but the same" in record.gates["embed"].failed[0].says
    assert "detect" not in record.gates


@pytest.mark.parametrize(("task", "conflicts"), [("multilabel", 4), ("regression", None)])
def test_whatever_the_labels_are_all_figures_that_mean_something_are_told(
    made: Any, write: Any, run_config: Any, tmp_path: Any, task: str, conflicts: int | None
) -> None:
    table = labelled(made(rows=600).table, task)
    place = table.column_names.index("label")
    other = [[], ["over-0"]] if task == "multilabel" else [0.0, 1.0]
    copied = table.slice(0, 4).set_column(0, "id", pa.array([f"copy-{row}" for row in range(4)]))
    wrong = pa.array([*other, *copied["label"].to_pylist()[2:]], table["label"].type)
    rows = pa.concat_tables([table, copied.set_column(place, "label", wrong)])
    untreated = {"mode": "none"}  # labels that stop at an edge are made worse at it, which the proof refuses
    record = run_stages(run_config(write(rows, parts=3), dataset={"task": task}, treat=untreated))
    assert record.status == "published"
    figures = record.embedding
    unsaid = set() if conflicts else {"label_conflicts", "near_duplicate_conflicts"}
    assert {name for name, value in dict(figures).items() if value is None} == {
        "label_sharpness",
        "leakage",
    } | unsaid
    assert 0.8 < figures.rank_share <= 1
    assert figures.duplicate_share == 4 / 604
    assert figures.label_conflicts == conflicts
    listed = pq.read_table(tmp_path / f"store/made/runs/{record.run_id}/embed/duplicates.parquet")
    assert listed.num_rows == 8
    assert ("conflict" in listed.column_names) == bool(conflicts)


def with_copies(made: Any) -> pa.Table:
    """Rows of which eight are there twice, two of them with another label and two slightly moved."""
    table = made(rows=600, noise=0.05, seed=3).table
    copied = table.slice(0, 8).set_column(0, "id", pa.array([f"copy-{row}" for row in range(8)]))
    labels = copied["label"].to_pylist()
    for row in (0, 1, 6):
        labels[row] = next(each for each in table["label"].to_pylist() if each != labels[row])
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
    record = run_stages(config)
    assert record.status == "published"
    warned = [check.name for check in record.gates["embed"].warned]
    assert warned == ["max_label_conflicts", "max_near_duplicate_conflicts"]
    (listed,) = (tmp_path / "store").rglob("duplicates.parquet")
    found = pq.read_table(listed)
    assert found.num_rows == 16
    assert sorted(found["group"].to_pylist()) == sorted(2 * list(set(found["group"].to_pylist())))
    assert (sum(found["conflict"].to_pylist()), sum(found["near"].to_pylist())) == (6, 4)
    assert record.noise.copies_disagree == 6
    rows = {row["id"]: row for row in published(config).to_pylist()}
    told = {name for name, row in rows.items() if row["reason"].endswith("; copies disagree")}
    assert told == {"row-00000", "row-00001", "row-00006", "copy-0", "copy-1", "copy-6"}
    for row in (0, 1, 6):
        one, other = rows[f"row-{row:05d}"], rows[f"copy-{row}"]
        assert one["label"] == other["label"]
        assert sum(each["action"] == "relabel" for each in (one, other)) == 1


def test_copies_are_cut_where_the_target_of_the_noise_method_cuts(
    made: Any, write: Any, run_config: Any
) -> None:
    noise = {"method": "auto", "options": {"target": {"budget": 0}}}
    record = run_stages(run_config(write(with_copies(made), parts=3), detect={"noise": noise}))
    assert record.noise.copies_disagree == 6
    assert record.noise.flagged == 0


def test_dead_dimensions_and_many_copies_are_warned_of(made: Any, write: Any, run_config: Any) -> None:
    table = made(rows=400, noise=0.05).table
    vectors = [[*each, 3.0] for each in table["vector"].to_pylist()]
    vectors[100:160] = vectors[:60]
    vectors[200:300] = [None] * 100  # a partition with no vector
    place = table.column_names.index("vector")
    table = table.set_column(place, "vector", pa.array(vectors, pa.list_(pa.float32())))
    labels = table["label"].to_pylist()
    labels[100:160] = labels[:60]
    table = table.set_column(table.column_names.index("label"), "label", pa.array(labels))
    gate = {"embed": {"thresholds": {"max_rejected": 0.3, "max_hubness": -1.0}}}
    record = run_stages(run_config(write(table, parts=4), gates=gate))
    assert not record.gates["embed"].failed
    warned = {check.name: check.observed for check in record.gates["embed"].warned}
    assert list(warned) == ["max_dead_dimensions", "max_hubness", "max_duplicates"]
    assert warned["max_dead_dimensions"] == "1"
    assert warned["max_duplicates"] == "0.2"
