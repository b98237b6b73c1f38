"""Reading writes nothing: of a store whose every write fails, and of a version that was half published."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.records import RunRecord
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.catalog import history
from labelworks.tasks.catalog.finished import finished_record, reinstate
from labelworks.tasks.planning.run import Run
from labelworks.tasks.storage.store import Store
from labelworks.tasks.storage.versions import read_version, versions

WRITES = ("write", "create", "delete", "try_conditional_put")
NOISE = {"method": "auto", "rate": 0.2, "rate_interval": [0.1, 0.3], "flagged": 2, "flagged_share": 0.2}


@pytest.fixture
def made(tmp_path: Path) -> Callable[[str], Artifacts]:
    """Runs of a dataset, each with the manifest and the report of one that was published."""
    dataset = {"name": "d", "source": "data", "label": "label", "features": {"text": "text"}}
    config = RunConfig.model_validate({"dataset": dataset, "store": {"root": str(tmp_path)}})

    def made(run_id: str) -> Artifacts:
        run = Run.of(config, Store(str(tmp_path)), run_id).artifacts
        record = RunRecord(
            run_id=run_id, status="published", dataset="d", version=None, rows=8, work={"ingested_rows": 8},
            noise=NOISE, shift={}, treatment={}, validation={}, gates={}, timings={}, report="r",
        )  # fmt: skip
        history.begun(run)
        run.store.write(f"{run.folder}/manifest.json", record.model_dump_json().encode())
        run.store.write(f"{run.folder}/report/report.html", b"<html>")
        return run

    return made


def published(run: Artifacts) -> RunRecord:
    record = finished_record(run)
    assert record is not None
    return reinstate(run, record)


@pytest.fixture
def read_only(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From now on any write to any store fails."""

    def refused(self: Store, *_: Any) -> None:
        raise AssertionError("a read writes")

    def read_only() -> None:
        for name in WRITES:
            monkeypatch.setattr(Store, name, refused)

    return read_only


def test_a_kill_between_manifest_and_version_is_seen_by_reads_and_mended_by_whoever_asks_for_the_run(
    made: Callable[[str], Artifacts], monkeypatch: pytest.MonkeyPatch
) -> None:
    published(made("before"))
    killed = made("killed")
    with monkeypatch.context() as patched:
        patched.setattr(Store, "write", lambda *_: pytest.fail("a read writes"))
        patched.setattr(Store, "create", lambda *_: pytest.fail("a read writes"))
        record = finished_record(killed)
        assert record is not None
        assert (record.version, record.work) == (None, {"ingested_rows": 0})
        assert history.entry(killed.store, "d", "killed").versions == ()
    assert reinstate(killed, record).version == 2
    assert read_version(killed.store, "d", 2)["manifest"] == "d/runs/killed/manifest.json"
    assert published(killed).version == 2
    assert versions(killed.store, "d") == [1, 2]


def test_a_run_that_is_the_newest_is_reinstated_without_a_write(
    made: Callable[[str], Artifacts], read_only: Callable[[], None]
) -> None:
    run = made("newest")
    published(run)
    read_only()
    assert published(run).version == 1


@pytest.mark.parametrize(
    "arguments",
    [["runs", "d"], ["runs", "--json"], ["show"], ["show", "first", "--json"], ["report"], ["metrics"]],
)
def test_commands_that_read_write_nothing(
    arguments: list[str],
    made: Callable[[str], Artifacts],
    read_only: Callable[[], None],
    command: Any,
    tmp_path: Path,
) -> None:
    published(made("first"))
    made("half")
    before = touched(tmp_path)
    read_only()
    code, out, err = command(*arguments, "--store", str(tmp_path))
    assert (code, bool(out), err) == (0, True, "")
    assert touched(tmp_path) == before


def touched(folder: Path) -> dict[str, int]:
    """When each file and each folder was changed: an object that came and went changes its folder."""
    return {str(path): path.stat().st_mtime_ns for path in (folder, *folder.rglob("*"))}
