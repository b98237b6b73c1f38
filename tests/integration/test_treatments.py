"""Modes, methods, kinds of labels, a target window, and what becomes of rows that can't be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests.support.stages import run_stages


def test_a_target_window_moves_the_weights(made: Any, write: Any, run_config: Any, published: Any) -> None:
    table = made(rows=600, noise=0.05).table
    window = made(rows=400, seed=5, noise=0.0).table
    keep = pc.or_(pc.not_equal(window["label"], "class-0"), pc.less(window["day"], 80))
    target = write(window.filter(keep).drop_columns(["label"]), "target", parts=1)
    config = run_config(write(table), dataset={"target": str(target)})
    record = run_stages(config)
    true = pc.value_counts(window.filter(keep)["label"].combine_chunks()).to_pylist()
    total = sum(each["counts"] for each in true)
    prior = dict(zip(record.classes, record.shift.prior, strict=True))
    for each in true:
        assert prior[each["values"]] == pytest.approx(each["counts"] / total, abs=0.03)
    rows = published(config)
    kept = rows.filter(pc.equal(rows["action"], "keep"))
    mean = dict(kept.group_by("label").aggregate([("weight", "mean")]).select(["label", "weight_mean"])
                .to_pandas().itertuples(index=False))  # fmt: skip
    assert mean["class-0"] < 0.5 < 1.0 < mean["class-1"]
    assert record.rows == rows.num_rows == 600


@pytest.mark.parametrize("mode", ["reweight", "relabel", "none"])
def test_a_mode_does_what_it_says_and_no_more(
    made: Any, write: Any, run_config: Any, published: Any, mode: str
) -> None:
    config = run_config(write(made().table), treat={"mode": mode})
    run_stages(config)
    rows = published(config)
    changed = pc.sum(pc.not_equal(rows["label"], rows["original_label"])).as_py()
    light = pc.sum(pc.less(rows["weight"], 0.5)).as_py()
    actions = set(rows["action"].to_pylist())
    assert (changed > 20) == (mode == "relabel")
    assert (light > 20) == (mode == "reweight")
    assert actions == ({"keep"} if mode != "relabel" else actions | {"keep", "relabel"})
    if mode == "none":
        assert set(rows["weight"].to_pylist()) == {1.0}


def test_confident_learning_finds_the_same_rows(
    made: Any, write: Any, run_config: Any, published: Any
) -> None:
    data = made()
    config = run_config(write(data.table), detect={"noise": {"method": "confident-learning"}})
    record = run_stages(config)
    assert record.noise.method == "confident-learning"
    flagged = np.array(published(config)["action"].to_pylist()) != "keep"
    assert np.mean(flagged == data.wrong) > 0.95


@pytest.mark.parametrize(
    ("convert", "kind"),
    [
        (lambda label: label.endswith("1"), pa.string()),
        (lambda label: int(label[-1]) * 10, pa.int64()),
        (lambda label: f"ж {label}", pa.string()),
    ],
    ids=["bool", "int", "unicode"],
)
def test_two_classes_under_labels_of_any_type(
    made: Any, write: Any, run_config: Any, published: Any, convert: Any, kind: pa.DataType
) -> None:
    table = made(classes=2).table
    given = [convert(label) for label in table["label"].to_pylist()]
    table = table.set_column(table.column_names.index("label"), "label", pa.array(given))
    config = run_config(write(table))
    record = run_stages(config)
    rows = published(config)
    assert rows.schema.field("label").type == kind
    assert pc.all(pc.equal(rows["original_label"], pa.chunked_array([pa.array(given).cast(kind)]))).as_py()
    assert len(rows["soft_label"][0]) == 2
    assert record.noise.top_confusions[0].probability > 0


def test_the_time_column_stays_with_its_rows(made: Any, write: Any, run_config: Any, published: Any) -> None:
    table = made().table
    labels = table["label"].to_pylist()
    labels[3] = labels[150] = labels[399] = None
    table = table.set_column(table.column_names.index("label"), "label", pa.array(labels))
    config = run_config(
        write(table),
        dataset={"time": "day"},
        gates={"ingest": {"thresholds": {"max_rejected": 0.01}}},
    )
    run_stages(config)
    rows = published(config)
    assert rows.num_rows == 397
    assert [int(name.removeprefix("row-")) for name in rows["id"].to_pylist()] == rows["day"].to_pylist()


def test_rows_put_aside_are_kept_with_their_reasons(
    made: Any, write: Any, run_config: Any, published: Any, tmp_path: Path
) -> None:
    table = made().table.to_pylist()
    table[5]["label"] = None
    table[6]["label"] = "class-unheard-of"
    table[7]["id"] = None
    table[250]["id"] = table[8]["id"]
    table[9]["vector"][2] = float("nan")
    table[260]["vector"] = table[260]["vector"][:3]
    source = write(pa.Table.from_pylist(table, made().table.schema))
    config = run_config(
        source,
        dataset={"classes": ["class-0", "class-1", "class-2"]},
        gates={stage: {"thresholds": {"max_rejected": 0.02}} for stage in ("ingest", "embed")},
    )
    record = run_stages(config)
    assert (record.status, record.rows) == ("published", 394)
    aside = [5, 6, 7, 9, 250, 260]
    rows = published(config, all_columns=True)
    places = {(row["source_file"], row["source_row"]) for row in rows.to_pylist()}
    assert places == {(f"part-{row // 200}.parquet", row % 200) for row in range(400) if row not in aside}
    run = tmp_path / "store/made/runs" / record.run_id
    found = {
        (row["file"], row["row"]): row["reason"]
        for stage in ("ingest", "embed")
        for row in pq.read_table(run / stage / "rejected.parquet").to_pylist()
    }
    assert found == {
        ("part-0.parquet", 5): "null label",
        ("part-0.parquet", 6): "label not in dataset.classes",
        ("part-0.parquet", 7): "null id",
        ("part-1.parquet", 50): "duplicated id",
        ("part-0.parquet", 9): "vector has NaN at position 2",
        ("part-1.parquet", 60): "vector of length 3, most have 6",
    }


def test_row_groups_are_partitions_and_change_no_row(
    made: Any, write: Any, run_config: Any, published: Any, tmp_path: Path
) -> None:
    data = made().table
    (tmp_path / "grouped").mkdir()
    pq.write_table(data, tmp_path / "grouped/all.parquet", row_group_size=50)
    config = run_config(tmp_path / "grouped", dataset={"name": "grouped"}, compute={"partition_rows": 120})
    record = run_stages(config)
    assert len(record.parts) == 4
    whole = run_config(write(data, "whole", parts=1), dataset={"name": "whole"})
    run_stages(whole)
    rows, expected = published(config, all_columns=True), published(whole)
    assert rows["source_row"].to_pylist() == list(range(400))
    for name in ("id", "label", "original_label", "action", "reason"):
        assert rows[name].equals(expected[name])
    for name in ("weight", "quality"):  # sums in another order: the search for the sharpening ends beside it
        np.testing.assert_allclose(rows[name].to_numpy(), expected[name].to_numpy(), atol=1e-3)


def test_many_small_files_share_partitions_and_every_row_keeps_its_place(
    made: Any, write: Any, run_config: Any, published: Any
) -> None:
    rows = made().table.to_pylist()
    rows[35]["id"] = rows[4]["id"]  # in another file
    rows[77]["label"] = None
    rows[123]["vector"] = None
    source = write(pa.Table.from_pylist(rows, made().table.schema), parts=40)
    allowed = {stage: {"thresholds": {"max_rejected": 0.02}} for stage in ("ingest", "embed")}
    config = run_config(source, dataset={"time": "day"}, gates=allowed)
    record = run_stages(config)
    assert len(record.parts) < 40
    table = published(config, all_columns=True)
    found = {(row["source_file"], row["source_row"]): row for row in table.to_pylist()}
    assert len(found) == table.num_rows == 397
    aside = [(f"part-{row // 10}.parquet", row % 10) for row in (77, 123)]
    assert not set(aside) & set(found)
    for (file, place), row in found.items():
        number = int(file.removeprefix("part-").removesuffix(".parquet")) * 10 + place
        assert (row["id"], row["day"]) == (rows[number]["id"], rows[number]["day"])
        assert row["original_label"] == rows[number]["label"]


@pytest.mark.parametrize("method", ["neighbour-consistency", "neighbour-credibility", "label-propagation"])
def test_methods_that_ask_neighbours_run_over_partitions(
    made: Any, write: Any, run_config: Any, published: Any, method: str
) -> None:
    data = made()
    config = run_config(write(data.table), detect={"noise": {"method": method}})
    record = run_stages(config)
    assert record.noise.method == method
    flagged = np.array(published(config)["action"].to_pylist()) != "keep"
    assert np.mean(flagged == data.wrong) > 0.95


def test_rows_of_no_class_are_reviewed_and_not_relabelled(
    made: Any, write: Any, run_config: Any, published: Any
) -> None:
    table = made(rows=600).table
    vectors = table["vector"].to_pylist()
    for row in range(30):  # on an axis that no class lies on
        vectors[row] = [0.0, 0.0, 0.0, 0.0, 0.0, 9.0 + row / 30]
    table = table.set_column(1, "vector", pa.array(vectors, pa.list_(pa.float32())))
    source = write(table)
    plain = run_stages(run_config(source))
    assert plain.noise.out_of_scope == 0
    record = run_stages(run_config(source, detect={"out_of_scope": 0.05}))
    rows = published(run_config(source), 2).to_pylist()
    strange = [row for row in rows if row["reason"].startswith("perhaps of none of the classes")]
    assert record.noise.out_of_scope == len(strange) == pytest.approx(30, abs=2)
    assert {row["action"] for row in strange} == {"review"}
    assert {row["label"] == row["original_label"] for row in strange} == {True}
    assert np.mean([int(row["id"].removeprefix("row-")) < 30 for row in strange]) > 0.8
    assert "Rows that may be of none of the classes" in Path(record.report).read_text()


def test_audited_rows_prove_what_changes(made: Any, write: Any, run_config: Any, tmp_path: Path) -> None:
    data = made(rows=600)
    true = [f"class-{np.argmax(vector[:3])}" for vector in data.table["vector"].to_pylist()]
    source, ids, given = write(data.table), data.table["id"].to_pylist(), data.table["label"].to_pylist()
    looked = np.random.default_rng(0).permutation(np.flatnonzero(data.wrong))[:40]
    right, as_given = tmp_path / "right.csv", tmp_path / "as_given.csv"
    for file, labels in ((right, true), (as_given, given)):
        file.write_text("id,label\n" + "".join(f"{ids[row]},{labels[row]}\n" for row in looked))
    treat = {"mode": "relabel", "objective": {"precision": 0.9}}
    record = run_stages(run_config(source, treat=treat | {"audited": str(right)}))
    assert "audited rows as sure as those changed" in record.treatment.objective_note
    assert record.treatment.relabelled > 0.8 * data.wrong.sum()
    refuted = run_stages(run_config(source, treat=treat | {"audited": str(as_given)}))
    assert refuted.run_id != record.run_id and refuted.treatment.relabelled == 0
    assert "right on 0 of" in refuted.treatment.objective_note
