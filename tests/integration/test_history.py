"""Runs of the past: listed, shown, rolled back, and made anew window by window."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from tests.support.stages import run_stages
from tests.support.versions import newest


def test_what_was_published_is_listed_shown_and_rolled_back(
    made: Any, write: Any, run_config: Any, command: Any, tmp_path: Path
) -> None:
    root, source = tmp_path / "store", write(made(rows=300).table)
    first = run_stages(run_config(source))
    second = run_stages(run_config(source, treat={"mode": "relabel"}))
    strict = {"validate": {"thresholds": {"min_difference": 0.9}}}
    assert run_stages(run_config(source, gates=strict)).version is None
    code, out, _ = command("runs", "made", "--store", str(root), "--json")
    listed = {run["run_id"]: run for run in json.loads(out)["runs"]}
    assert (code, [run["status"] for run in listed.values()]) == (0, ["published", "published", "refused"])
    assert listed[second.run_id]["newest"]
    assert [run["versions"] for run in listed.values()] == [[1], [2], []]
    code, out, _ = command("rollback", "made", "1", "--store", str(root))
    assert (code, out.strip()) == (0, f"{root}/made/versions/3.json")
    pointer = newest(root)
    assert (pointer["run_id"], pointer["rolled_back_from"], pointer["to"]) == (first.run_id, 2, 1)
    # The same run comes again, as a schedule would have it: the person's decision stands.
    assert run_stages(run_config(source, treat={"mode": "relabel"})).version == 2
    assert newest(root) == pointer
    # Rolling forward brings the run back, and now the other one is held.
    assert command("rollback", "made", "2", "--store", str(root))[0] == 0
    assert command("rollback", "made", "2", "--store", str(root))[0] == 2
    assert newest(root)["run_id"] == second.run_id
    assert run_stages(run_config(source)).version == 3
    assert newest(root)["run_id"] == second.run_id
    code, out, _ = command("show", second.run_id[:6], "--store", str(root))
    assert code == 0
    for word in ("2, 4", "embed", "validate", "passed", "report.html"):
        assert word in out
    assert command("rollback", "made", "9", "--store", str(root))[0] == 2
    assert command("rollback", "../made", "1", "--store", str(root))[0] == 2


def test_data_that_goes_back_to_what_it_was_is_the_newest_version_again(
    made: Any, write: Any, run_config: Any, tmp_path: Path
) -> None:
    table = made(rows=400).table
    source = write(table.slice(0, 300))
    first = run_stages(run_config(source))
    pq.write_table(table.slice(300), source / "part-9.parquet")
    run_stages(run_config(source))
    (source / "part-9.parquet").unlink()
    again = run_stages(run_config(source))
    assert (again.run_id, again.version) == (first.run_id, 3)
    assert set(again.work.values()) == {0}
    assert newest(tmp_path / "store")["run_id"] == first.run_id


def test_windows_are_backfilled_once_each(
    made: Any, write: Any, run_config: Any, command: Any, published: Any, tmp_path: Path
) -> None:
    table = made(rows=600).table
    months = [f"2026-0{1 + row // 200}" for row in range(600)]
    timed = table.append_column("when", pa.array([f"{month}-17T10:00:00" for month in months]))
    config = run_config(write(timed, parts=3), dataset={"time": "when"})
    raw = config.model_dump(mode="json", by_alias=True)
    (tmp_path / "by-time.yaml").write_text(yaml.safe_dump(raw))
    words = ("--window", "2026-01", "--window", "2026-03", "--json")
    code, out, _ = command("run", str(tmp_path / "by-time.yaml"), *words)
    january, march = json.loads(out)["runs"]
    assert code == 0
    assert (january["dataset"], january["rows"]) == ("made@2026-01", 200)
    assert (march["dataset"], march["rows"], march["version"]) == ("made@2026-03", 200, 1)
    assert january["work"]["embedded_rows"] == march["work"]["embedded_rows"] == 200
    code, out, _ = command("run", str(tmp_path / "by-time.yaml"), *words)
    assert all(set(run["work"].values()) == {0} for run in json.loads(out)["runs"])
    assert [each.name for each in (tmp_path / "store/made@2026-03/versions").iterdir()] == ["1.json"]
    code, _, err = command("run", str(tmp_path / "by-time.yaml"), "--window", "2027", "--json")
    assert code == 2
    assert "no row has a time that begins with '2027'" in err
    # The same rows, by the folder that they lie in.
    (tmp_path / "by/2026-01").mkdir(parents=True)
    part = (
        0 if pq.read_table(tmp_path / "data/part-0.parquet")["when"][0].as_py().startswith("2026-01") else 2
    )
    shutil.copy(tmp_path / f"data/part-{part}.parquet", tmp_path / "by/2026-01/part-0.parquet")
    folders = {
        **raw,
        "dataset": {**raw["dataset"], "name": "foldered", "source": f"{tmp_path}/by/{{window}}/"},
    }
    (tmp_path / "by-folder.yaml").write_text(yaml.safe_dump(folders))
    code, out, _ = command("run", str(tmp_path / "by-folder.yaml"), "--window", "2026-01", "--json")
    assert (code, json.loads(out)["rows"]) == (0, 200)
    assert command("run", str(tmp_path / "by-folder.yaml"), "--json")[0] == 2
