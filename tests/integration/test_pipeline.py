"""The whole pipeline on small data: what it publishes, from which sources, and what it does not do twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml
from threadpoolctl import threadpool_info  # type: ignore[import-untyped]

from labelworks.schemas.tables import published_schema
from labelworks.tasks.planning.plan import plan_window
from labelworks.tasks.validate.stage import validate
from tests.support.stages import run_stages

NOTHING = {"ingested_rows", "embedded_rows", "scored_rows", "treated_rows", "published_rows"}


def test_a_local_run_publishes_a_version_that_any_trainer_reads(
    made: Any, write: Any, run_config: Any, tmp_path: Path
) -> None:
    data = made()
    source = write(data.table)
    config = run_config(source)
    record = run_stages(config)
    assert (record.status, record.version, record.rows) == ("published", 1, 400)
    assert record.work == dict.fromkeys(NOTHING, 400)
    store = tmp_path / "store/made"
    pointer = json.loads((store / "versions/1.json").read_text())
    assert pointer["run_id"] == record.run_id
    manifest = json.loads((tmp_path / "store" / pointer["manifest"]).read_text())
    files = [store / "runs" / record.run_id / part for part in manifest["parts"]]
    table = pa.concat_tables([pq.read_table(file) for file in files])
    assert table.schema.equals(published_schema(pa.string(), ("label-shift", "right")))
    assert json.loads(table.schema.metadata[b"labelworks.classes"]) == manifest["classes"]
    assert table.schema.field("suggestion").metadata[b"about"]
    changed = table.filter(pc.not_equal(table["label"], table["original_label"]))
    assert changed.num_rows and changed["suggestion"].equals(changed["label"])
    kept = table.filter(pc.starts_with(table["reason"], "not suspicious"))
    assert kept["suggestion"].null_count == kept.num_rows
    assert sorted(table["id"].to_pylist()) == data.table["id"].to_pylist()
    assert set(table["run_id"].to_pylist()) == {record.run_id}
    for row in table.to_pylist()[::40]:
        origin = pq.read_table(source / row["source_file"]).slice(row["source_row"], 1).to_pylist()[0]
        assert (origin["id"], origin["label"]) == (row["id"], row["original_label"])
    flagged = np.array(table.sort_by("id")["action"].to_pylist()) != "keep"
    assert np.mean(flagged == data.wrong) > 0.98
    assert Path(record.report).read_text().lstrip().startswith("<!doctype html>")


def test_the_manifest_is_written_after_every_part_and_before_the_version(
    made: Any, write: Any, run_config: Any, tmp_path: Path
) -> None:
    record = run_stages(run_config(write(made().table)))
    run = tmp_path / "store/made/runs" / record.run_id
    parts = [(run / part).stat().st_mtime_ns for part in record.parts]
    manifest = (run / "manifest.json").stat().st_mtime_ns
    assert max(parts) <= manifest <= (tmp_path / "store/made/versions/1.json").stat().st_mtime_ns


def test_the_same_run_is_found_and_another_config_is_another_run(
    made: Any, write: Any, run_config: Any, published: Any, tmp_path: Path
) -> None:
    source = write(made().table)
    first = run_stages(run_config(source))
    again = run_stages(run_config(source))
    assert again.work == dict.fromkeys(NOTHING, 0)
    same = {"work", "timings"}
    assert again.model_dump(exclude=same) == first.model_dump(exclude=same)
    other = run_stages(run_config(source, treat={"mode": "relabel"}))
    assert other.run_id != first.run_id
    assert other.version == 2
    assert other.work == {**dict.fromkeys(NOTHING, 0), "treated_rows": 400, "published_rows": 400}
    compute = run_stages(run_config(source, compute={"partition_rows": 90}))
    # another run came between: what ran last is the newest version, and that costs no work
    assert (compute.run_id, compute.version, set(compute.work.values())) == (first.run_id, 3, {0})


def test_a_new_file_costs_that_file_alone_and_gives_what_a_run_from_nothing_gives(
    made: Any, write: Any, run_config: Any, published: Any, tmp_path: Path
) -> None:
    table = made(rows=600).table
    source = write(table.slice(0, 400))
    run_stages(run_config(source))
    pq.write_table(table.slice(400), source / "part-9.parquet")
    config = run_config(source)
    record = run_stages(config)
    assert (record.version, record.rows) == (2, 600)
    assert (record.work["ingested_rows"], record.work["embedded_rows"]) == (200, 200)
    waits = record.embedding.waits
    assert waits.device + waits.host + waits.store == pytest.approx(1)
    assert waits.said in Path(record.report).read_text()
    assert record.work["scored_rows"] == 600
    fresh = run_config(source, store={"root": str(tmp_path / "fresh")})
    run_stages(fresh)
    found, expected = published(config, 2), published(fresh)
    exact = ["id", "label", "original_label", "action", "reason"]
    assert found.select(exact).equals(expected.select(exact))
    for name in ("quality", "weight"):
        np.testing.assert_allclose(found[name].to_numpy(), expected[name].to_numpy(), atol=1e-6)


def some_copied(made: Any) -> pa.Table:
    """Rows of which some are near duplicates of others, just about, and a third of those of other labels."""
    rows, rng = made(rows=576, dim=24, noise=0.15).table, np.random.default_rng(5)
    copies = rows.slice(0, 24)
    moved = np.stack(copies["vector"].to_numpy()) + rng.normal(size=(24, 24)) * 0.2
    labels = copies["label"].to_pylist()
    labels[::3] = labels[1::3]
    columns = {
        "id": [f"copy-{row}" for row in range(24)],
        "vector": pa.array(moved.astype(np.float32).tolist(), pa.list_(pa.float32())),
        "label": labels,
        "day": copies["day"],
    }
    return pa.concat_tables([rows, pa.table(columns)]).take(pa.array(rng.permutation(600)))


def leave_out(files: list[Path], table: pa.Table) -> None:
    files[0].unlink()


def change(files: list[Path], table: pa.Table) -> None:
    pq.write_table(table.slice(500, 50), files[0])


def change_leave_out_and_add(files: list[Path], table: pa.Table) -> None:
    pq.write_table(table.slice(500, 50), files[-1])
    files[-2].unlink()
    pq.write_table(table.slice(550), files[0].with_name("added.parquet"))


@pytest.mark.parametrize("event", [leave_out, change, change_leave_out_and_add])
def test_after_every_kind_of_event_the_version_is_that_of_a_run_from_nothing(
    event: Any, made: Any, write: Any, run_config: Any, published: Any, tmp_path: Path
) -> None:
    table = some_copied(made)
    source = write(table.slice(0, 500), parts=10)
    first = run_config(source)
    partitions = sorted(plan_window(first, "source", {}).partitions, key=lambda each: each.key)
    before = run_stages(first)
    event(
        [source / partition.pieces[0].file for partition in partitions], table
    )  # of the first, planes are laid
    config = run_config(source)
    record = run_stages(config)
    assert record.run_id != before.run_id
    fresh = run_config(source, store={"root": str(tmp_path / "fresh")})
    assert run_stages(fresh).run_id == record.run_id
    found, expected = published(config, 2), published(fresh)
    exact = ["id", "label", "original_label", "action", "reason"]
    assert found.select(exact).equals(expected.select(exact))
    for name in ("quality", "weight"):
        np.testing.assert_allclose(found[name].to_numpy(), expected[name].to_numpy(), atol=1e-6)
    copies = f"made/runs/{record.run_id}/embed/duplicates.parquet"
    same, other = (pq.read_table(tmp_path / root / copies) for root in ("store", "fresh"))
    assert same.equals(other)
    assert same["near"].to_pylist().count(True) > 10


def test_with_a_tolerance_only_new_rows_are_scored_while_little_moves(
    made: Any, write: Any, run_config: Any, published: Any
) -> None:
    table = made(rows=600).table
    source = write(table.slice(0, 400))
    run_stages(run_config(source, detect={"tolerance": 0.2}))
    pq.write_table(table.slice(400), source / "part-9.parquet")
    assert run_stages(run_config(source, detect={"tolerance": 0.2})).work["scored_rows"] == 200
    pq.write_table(table.slice(400, 100), source / "part-9.parquet")
    assert run_stages(run_config(source, detect={"tolerance": 1e-9})).work["scored_rows"] == 500


def test_a_gate_that_refuses_publishes_nothing(
    made: Any, write: Any, run_config: Any, raw_config: Any, snapshot: Any, command: Any, tmp_path: Path
) -> None:
    source = write(made().table)
    run_stages(run_config(source))
    before = snapshot(tmp_path / "store")
    strict = {"validate": {"thresholds": {"min_difference": 0.9}}}
    config = run_config(source, gates=strict)
    record = run_stages(config)
    assert (record.status, record.version) == ("refused", None)
    assert not record.gates["validate"].ok
    assert "publish" not in record.gates
    run = tmp_path / "store/made/runs" / record.run_id
    assert not (run / "manifest.json").exists()
    assert not (run / "publish").exists()
    assert json.loads((run / "refused.json").read_text())["status"] == "refused"
    assert "min_difference" in Path(record.report).read_text()
    after = snapshot(tmp_path / "store")
    assert {name: after[name] for name in before} == before
    assert sorted((tmp_path / "store/made/versions").iterdir()) == [tmp_path / "store/made/versions/1.json"]
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config.model_dump(mode="json", by_alias=True)))
    code, out, err = command("run", str(tmp_path / "config.yaml"), "--json")
    assert code == 3
    assert json.loads(out)["status"] == "refused"
    assert "Traceback" not in err


@pytest.mark.parametrize(("compression", "codec"), [("snappy", "SNAPPY"), ("none", "UNCOMPRESSED")])
def test_parts_are_compressed_as_the_config_says(
    compression: str, codec: str, made: Any, write: Any, run_config: Any, published: Any, tmp_path: Path
) -> None:
    config = run_config(write(made(rows=120).table), publish={"compression": compression})
    record = run_stages(config)
    for part in record.parts:
        table = pq.ParquetFile(tmp_path / "store/made/runs" / record.run_id / part).metadata
        assert {table.row_group(0).column(place).compression for place in range(table.num_columns)} == {codec}
    assert published(config).num_rows == 120


def test_libraries_take_the_threads_of_the_config(
    made: Any, write: Any, run_config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More would wait for one another, busy: beside other work a proof took fifteen times as long."""
    taken: list[int] = []

    def looked(*given: Any) -> Any:
        taken.extend(library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas")
        return validate(*given)

    monkeypatch.setattr("labelworks.flows.curate.validate", looked)
    for count in (1, 2):
        run_stages(run_config(write(made(rows=120).table), compute={"threads": count}, seed=count))
    assert sorted(set(taken)) == [1, 2]
