"""`labelworks gc`: removes what nothing needs; never what a version or a live run does."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
import yaml

from labelworks.flows.notebook.inputs.frames import written
from labelworks.tasks.catalog.garbage import sweep
from labelworks.tasks.catalog.heartbeat import DEAD, heartbeat
from labelworks.tasks.storage.listing import objects
from labelworks.tasks.storage.store import Store
from tests.support.stages import run_stages


def age(folder: Path, seconds: float) -> None:
    for path in folder.rglob("*"):
        os.utime(path, (time.time() - seconds,) * 2)


def shared(root: Path) -> dict[str, bytes]:
    """What outlives runs."""
    kinds = ("versions", "index", "embeddings", "scores", "treated")
    folders = [path for kind in kinds for path in (root / "made" / kind).rglob("*") if path.is_file()]
    return {str(path): path.read_bytes() for path in folders}


def kinds(out: str) -> dict[str, int]:
    (found,) = json.loads(out)["datasets"]
    return {kind: sums["objects"] for kind, sums in found["removed"].items()}


def test_keeps_versions_and_what_they_need_and_removes_the_rest(
    made: Any, write: Any, run_config: Any, published: Any, command: Any, snapshot: Any, tmp_path: Path
) -> None:
    source, root = write(made().table), tmp_path / "store"
    first = run_stages(run_config(source))
    second = run_stages(run_config(source, treat={"mode": "relabel"}))
    strict = run_config(source, gates={"validate": {"thresholds": {"min_difference": 0.9}}})
    assert run_stages(strict).status == "refused"
    encoder = next((root / "made/embeddings").iterdir())
    next(encoder.glob("*.json")).with_suffix(".measures.parquet").touch()  # as of images
    kept = shared(root)
    folders = [root / "made/runs" / each.run_id for each in (first, second)]
    runs = [snapshot(folder) for folder in folders]
    tables = [published(run_config(source), number, all_columns=True) for number in (1, 2)]
    shutil.copytree(folders[0] / "ingest", root / "made/runs/killed/ingest")
    index, scores = (next((root / "made" / kind).iterdir()) for kind in ("index", "scores"))
    assert len(list(index.iterdir())) == len(list(scores.iterdir())) == 2
    for name in (
        encoder / "gone.parquet", encoder / "gone.measures.parquet", root / "made/embeddings/other/state.npz",
        index / "gone.parquet", index / "gone-rejected.parquet",
        root / "made/treated/other/gone.parquet",
        scores / "gone.parquet", scores.with_name("other") / next(scores.iterdir()).name,
    ):  # fmt: skip
        name.parent.mkdir(parents=True, exist_ok=True)
        name.write_bytes(b"x" * 10)
    (root / f"made/.probe-{uuid.uuid4().hex}").touch()
    (folders[0] / f"treat/.part-1.parquet.{uuid.uuid4().hex}").touch()
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(strict.model_dump(mode="json", by_alias=True)))
    whole = snapshot(root)
    code, out, _ = command("gc", str(tmp_path / "c.yaml"), "--json")
    assert (code, sum(kinds(out).values())) == (0, 0)  # all of it is young
    code, out, _ = command("gc", str(root), "--dry-run", "--json", "--older-than", "0s")
    assert code == 0
    would = kinds(out)
    besides = {kind: would[kind] for kind in would if kind != "runs"}
    shared_kinds = {"index": 2, "embeddings": 3, "scores": 2, "treated": 1, "frames": 0}
    assert besides == {"versions": 0, **shared_kinds, "leftovers": 2}
    assert snapshot(root) == whole
    code, out, _ = command("gc", str(root), "--older-than", "0s")
    assert code == 0
    assert "made: versions 1, 2 kept" in out
    assert shared(root) == kept
    assert sorted(path.name for path in (root / "made/runs").iterdir()) == sorted(
        each.run_id for each in (first, second)
    )
    assert [snapshot(folder) for folder in folders] == runs
    code, out, _ = command(
        "gc", str(root), "--dataset", "made", "--keep", "1", "--older-than", "0s", "--json"
    )
    assert (code, kinds(out)["versions"]) == (0, 1)
    assert published(run_config(source), 2, all_columns=True).equals(tables[1])
    assert not folders[0].exists()
    again = run_stages(run_config(source))
    assert (again.run_id, again.version, again.work["embedded_rows"]) == (first.run_id, 3, 0)
    assert published(run_config(source), 3, all_columns=True).equals(tables[0])


def test_a_run_during_which_all_is_swept_publishes_what_an_undisturbed_one_does(
    made: Any, write: Any, run_config: Any, published: Any, tmp_path: Path
) -> None:
    source = write(made().table, parts=4)
    undisturbed = run_config(source)
    run_stages(undisturbed)
    store = {"root": str(tmp_path / "swept")}
    config, ended, swept = run_config(source, store=store), threading.Event(), []

    def sweep_on() -> None:
        while not ended.wait(0.1):
            found = sweep(Store(config.store.root), "made", keep=1, older=0.0, dry_run=False)
            swept.append(found.live_runs)

    thread = threading.Thread(target=sweep_on)
    thread.start()
    try:
        record = run_stages(config)
    finally:
        ended.set()
        thread.join()
    assert record.version == 1
    assert [record.run_id] in swept
    assert published(config, all_columns=True).equals(published(undisturbed, all_columns=True))


@pytest.mark.parametrize("where", ["local", "s3"])
def test_a_run_is_live_while_it_gives_signs(
    where: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    store = Store(str(tmp_path)) if where == "local" else Store(*request.getfixturevalue("bucket"))
    store.write("d/embeddings/e/k.parquet", b"123")
    for run in ("dead", "live"):
        store.write(f"d/runs/{run}/ingest/part-1.parquet", b"1")
    with heartbeat(store, "d/runs/live/alive/1.json"):
        found = sweep(store, "d", keep=None, older=0.0, dry_run=False)
        assert found.live_runs == ["live"]
        left = {each.name for each in objects(store, "d")}
        assert left == {
            "d/embeddings/e/k.parquet", "d/runs/live/alive/1.json", "d/runs/live/ingest/part-1.parquet"
        }  # fmt: skip
    assert sweep(store, "d", keep=None, older=3600.0, dry_run=False).removed["runs"] == []
    sweep(store, "d", keep=None, older=0.0, dry_run=False)
    assert objects(store, "d") == []


def test_the_sign_of_a_run_that_was_killed_gets_old(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    for name in ("alive/1.json", "ingest/part-1.parquet"):
        store.write(f"d/runs/killed/{name}", b"{}")
    age(tmp_path, DEAD - 60)
    assert sweep(store, "d", keep=None, older=0.0, dry_run=False).live_runs == ["killed"]
    age(tmp_path, DEAD + 60)
    sweep(store, "d", keep=None, older=0.0, dry_run=False)
    assert objects(store, "d") == []
    assert not (tmp_path / "d/runs/killed").exists()


def test_says_what_is_wrong_with_its_options(command: Any, tmp_path: Path) -> None:
    code, _, err = command("gc", str(tmp_path), "--older-than", "soon")
    assert (code, "'soon' is no age" in err) == (2, True)
    code, _, err = command("gc", str(tmp_path))
    assert (code, "there is no dataset" in err) == (0, True)
    assert command("gc", str(tmp_path), "--keep", "0")[0] == 2


def test_tables_of_notebooks_go_with_the_runs_that_read_them(
    made: Any, run_config: Any, command: Any, tmp_path: Path
) -> None:
    store = run_config("data").store
    used, unused = (written(made(seed=seed).table, store, {}, "made") for seed in (0, 1))
    assert run_stages(run_config(used)).status == "published"
    root = str(tmp_path / "store")
    code, out, _ = command("gc", root, "--json")
    assert (code, kinds(out)["frames"]) == (0, 0)  # it is young
    code, out, _ = command("gc", root, "--json", "--older-than", "0s")
    assert (code, kinds(out)["frames"]) == (0, 1)
    assert (Path(used).exists(), Path(unused).exists()) == (True, False)
    shutil.rmtree(tmp_path / "store/made/versions")
    shutil.rmtree(tmp_path / "store/made/runs")
    command("gc", root, "--dataset", "made", "--older-than", "0s")
    assert not (tmp_path / "store-frames/made").exists()


def test_datasets_are_those_of_which_there_are_runs_be_it_of_windows_alone(
    command: Any, tmp_path: Path
) -> None:
    store = Store(str(tmp_path / "store"))
    store.write("made/index/a.parquet", b"")
    store.write("made@2026-01/runs/r/started.json", b"{}")
    code, out, _ = command("gc", store.root, "--older-than", "0s", "--json")
    assert (code, kinds(out)["runs"], kinds(out)["index"]) == (0, 1, 1)
    store.write("made@2026-01/runs/r/started.json", b"{}")
    code, _, told = command("gc", store.root, "--dataset", "mad")
    assert (code, store.names("mad")) == (2, set())
    assert "there is no dataset 'mad'" in told and "datasets: made" in told
