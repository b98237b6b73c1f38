"""Of many small files only some are looked at; what is wrong with the others is found when they are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import InputError, StoreError
from labelworks.schemas.records import Partition
from labelworks.schemas.suites import defaults
from labelworks.tasks.ingest.scan import scan, write_index
from labelworks.tasks.ingest.scan_partition import scan_partition
from labelworks.tasks.planning import plan as planning
from labelworks.tasks.planning.open_run import plan_run
from labelworks.tasks.planning.plan import LOOKED_AT, Plan
from labelworks.tasks.planning.run import Run

EXPECTED = defaults("ingest").rows

FILES, ROWS = 200, 3


def config(tmp_path: Path, **compute: int) -> RunConfig:
    data = {"source": str(tmp_path / "data"), "label": "label", "features": {"text": "text"}}
    return RunConfig.model_validate({"dataset": data, "store": {"root": str(tmp_path)}, "compute": compute})


def planned(tmp_path: Path, **compute: int) -> tuple[Run, Plan]:
    run, plans = plan_run(config(tmp_path, **compute), {})
    return run, plans["source"]


def rows(name: str, count: int = ROWS) -> pa.Table:
    return pa.table({"text": [f"{name}#{row}" for row in range(count)], "label": ["a"] * count})


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    for number in range(FILES):
        name = f"{number:03d}.parquet"
        pq.write_table(rows(name), tmp_path / "data" / name)
    return tmp_path / "data"


def unseen(plan: Plan) -> list[str]:
    return sorted(piece.file for part in plan.partitions for piece in part.pieces if piece.rows is None)


def spoil(path: Path, how: str) -> None:
    table = rows(path.name)
    if how == "truncated":
        path.write_bytes(path.read_bytes()[:-100])
    elif how == "corrupt":
        path.write_bytes(b"PAR1 and no more")
    elif how == "no column":
        pq.write_table(table.drop_columns("label"), path)
    elif how == "no text":
        pq.write_table(table.set_column(0, "text", pa.array([1.5] * ROWS)), path)
    elif how == "other labels":
        pq.write_table(table.set_column(1, "label", pa.array([1] * ROWS)), path)
    elif how == "no bytes":
        path.write_bytes(b"")
    else:
        pq.write_table(table.slice(0, 0), path)


REASONS = {
    "truncated": "corrupt or truncated",
    "corrupt": "corrupt or truncated",
    "no column": "there is no column 'label'",
    "no text": "column 'text' is double, but text needs strings",
    "other labels": "mixed schemas: labels are int here and string elsewhere",
}


def test_some_files_are_looked_at_and_keys_do_not_tell_which(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, plan = planned(tmp_path)
    assert len(unseen(plan)) == FILES - LOOKED_AT
    assert sorted(p.file for part in plan.partitions for p in part.pieces) == [
        f"{number:03d}.parquet" for number in range(FILES)
    ]
    monkeypatch.setattr(planning, "LOOKED_AT", FILES)
    _, whole = planned(tmp_path)
    assert unseen(whole) == []
    assert [part.key for part in whole.partitions] == [part.key for part in plan.partitions]


def test_what_is_wrong_with_the_others_is_found_when_they_are_read(data: Path, tmp_path: Path) -> None:
    _, before = planned(tmp_path)
    others = unseen(before)
    bad = dict(zip(others, [*REASONS, "no bytes", "no rows"], strict=False))
    for name, how in bad.items():
        spoil(data / name, how)
    run, plan = planned(tmp_path)
    assert (plan.rejected, plan.empty_files) == ([], 1)
    scans = [
        scan_partition(part, run.artifacts, run.source, plan.label_type, EXPECTED) for part in plan.partitions
    ]
    rejected = pa.concat_tables([each.rejected for each in scans]).to_pylist()
    found = {row["file"]: row["reason"] for row in rejected}
    assert {row["row"] for row in rejected} == {None}
    assert set(found) == {name for name, how in bad.items() if how in REASONS}
    assert all(REASONS[bad[name]] in reason for name, reason in found.items())
    assert sum(each.empty_files for each in scans) == 1
    assert sum(each.rows for each in scans) == (FILES - len(bad)) * ROWS
    for part, each in zip(plan.partitions, scans, strict=True):
        aligned(run, each.partition, plan.label_type)
        spoilt = {piece.file for piece in part.pieces} & set(bad) - {b for b in bad if bad[b] == "no bytes"}
        assert (each.partition.key == part.key) == (not spoilt)
        again = scan_partition(part, run.artifacts, run.source, plan.label_type, EXPECTED)
        assert (again.new, again.partition, again.rejected) == (False, each.partition, each.rejected)


def aligned(run: Run, partition: Partition, label_type: str) -> None:
    """The rows of the index are those that whoever reads the partition again gets."""
    index = run.artifacts.store.read_table(run.artifacts.index(label_type, partition))
    named = [f"{each['file']}#{each['file_row']}" for each in index.select(["file", "file_row"]).to_pylist()]
    assert index["row"].to_pylist() == list(range(len(named)))
    assert (
        run.source.reader(partition).table(["text"])["text"].to_pylist() == index["id"].to_pylist() == named
    )


def test_a_partition_of_which_nothing_can_be_read_has_no_rows(data: Path, tmp_path: Path) -> None:
    run, plan = planned(tmp_path)
    part = plan.partitions[0]
    for piece in part.pieces:
        spoil(data / piece.file, "corrupt")
    found = scan_partition(part, run.artifacts, run.source, plan.label_type, EXPECTED)
    assert (found.partition.pieces, found.rows, found.rejected.num_rows) == ((), 0, len(part.pieces))


def test_a_store_that_fails_is_no_bad_file(data: Path, tmp_path: Path) -> None:
    run, plan = planned(tmp_path)
    part = plan.partitions[0]
    (data / part.pieces[0].file).unlink()
    with pytest.raises(StoreError, match=part.pieces[0].file):
        write_index(run.artifacts, run.source, part, plan.label_type)


def test_a_column_that_none_of_those_looked_at_has_is_refused_at_once(data: Path, tmp_path: Path) -> None:
    raw = config(tmp_path).model_dump(mode="json", by_alias=True)
    raw["dataset"]["label"] = "lable"
    with pytest.raises(InputError, match="did you mean 'label'"):
        plan_run(RunConfig.model_validate(raw), {})


def test_files_that_may_have_to_be_cut_are_all_looked_at(data: Path, tmp_path: Path) -> None:
    _, plan = planned(tmp_path)
    large: Any = unseen(plan)[:2]
    for name in large:
        pq.write_table(rows(name, 5000), data / name, row_group_size=1000)
    _, plan = planned(tmp_path, partition_rows=1000)
    cut = [piece for part in plan.partitions for piece in part.pieces if piece.file in large]
    assert [(piece.file, piece.row_groups) for piece in cut] == [
        (name, (group,)) for name in large for group in range(5)
    ]
    run, _ = planned(tmp_path)
    assert scan(plan.partitions[1], run.source, "string").rows["file_row"].to_pylist() == [*range(1000, 2000)]
