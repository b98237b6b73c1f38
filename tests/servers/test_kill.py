"""Killed in every stage, one after the other, and started again: nothing is lost, redone or left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from distributed import Client

from labelworks.flows.execute import execute
from tests.support.waiting import wait_for

pytestmark = pytest.mark.usefixtures("prefect_api")
PARTS, ROWS = 180, 10  # many small partitions: every stage lasts long enough to be hit in its middle
OWN_CLUSTER = ("ingest", "embed")  # workers that die with the command; later stages save their start
KEPT = {"ingest": "index/*/*.parquet", "embed": "embeddings/*/*.json", "detect": "scores/*/*.parquet",
        "treat": "treated/*/*.parquet"}  # fmt: skip
COUNTED = {
    "ingest": "ingested_rows", "embed": "embedded_rows", "detect": "scored_rows", "treat": "treated_rows",
    "publish": "published_rows",
}  # fmt: skip


class Runs:
    """Starts the command in processes of their own, on one config, and looks at what they leave."""

    def __init__(self, config: Path, store: Path) -> None:
        self.config, self.store, self.mark = config, store, uuid.uuid4().hex

    def start(self, *settings: str) -> subprocess.Popen[str]:
        options = [word for setting in settings for word in ("--set", setting)]
        return subprocess.Popen(
            [sys.executable, "-m", "labelworks.flows.cli.app", "run", str(self.config), "--json", *options],
            env={**os.environ, "LABELWORKS_TEST": self.mark},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip

    def parts(self, stage: str) -> dict[str, int]:
        """Finished parts of a stage, and when each was written."""
        where = KEPT.get(stage, f"runs/*/{stage}/part-*.parquet")
        return {str(path): path.stat().st_mtime_ns for path in (self.store / "made").glob(where)}

    def done(self, stage: str) -> bool:
        return any((self.store / "made").glob(f"runs/*/{stage}/result.json"))

    def left(self) -> list[int]:
        """Processes of these runs that are still alive."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if f"LABELWORKS_TEST={self.mark}".encode() in (process / "environ").read_bytes():
                    found.append(int(process.name))
            except OSError:
                continue
        return found

    def kill_when(self, ready: Callable[[], Any], *settings: str) -> None:
        """Start, wait until it is ready, kill it, and wait until all that it started is gone."""
        process = self.start(*settings)
        try:
            while not ready():  # without a pause: a stage is short
                assert process.poll() is None, process.communicate()
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.communicate()
        wait_for(lambda: not self.left(), 60, about="the end of all processes")


@pytest.fixture
def config(made: Any, run_config: Any, tmp_path: Path) -> Any:
    (tmp_path / "data").mkdir()
    table = made(rows=PARTS * ROWS).table
    pq.write_table(table, tmp_path / "data/rows.parquet", row_group_size=ROWS)
    return run_config(tmp_path / "data", compute={"partition_rows": ROWS, "workers": 1})


def test_killed_in_every_stage_the_result_is_that_of_an_undisturbed_run(
    config: Any, published: Any, tmp_path: Path
) -> None:
    whole = config.model_copy(
        update={"store": config.store.model_copy(update={"root": str(tmp_path / "whole")})}
    )
    undisturbed = execute(whole)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config.model_dump(mode="json", by_alias=True)))
    runs = Runs(tmp_path / "config.yaml", tmp_path / "store")
    kept: dict[str, int] = {}
    for stage in COUNTED:
        own = stage in OWN_CLUSTER
        runs.kill_when(
            partial(runs.parts, stage), f"compute.scheduler={'null' if own else config.compute.scheduler}"
        )
        assert not runs.done(stage)
        found = runs.parts(stage)
        assert 0 < len(found) < PARTS
        assert not list((tmp_path / "store/made").glob("versions/*"))
        kept |= found
    with Client(config.compute.scheduler) as client:  # ends the part that it was at
        wait_for(lambda: not any(client.processing().values()), about="an idle cluster")
    before = len(runs.parts("publish"))
    process = runs.start()
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    record = json.loads(out)
    assert (record["run_id"], record["version"]) == (undisturbed.run_id, 1)
    expected = dict.fromkeys(COUNTED.values(), 0) | {"published_rows": (PARTS - before) * ROWS}
    assert record["work"] == expected
    assert {path: Path(path).stat().st_mtime_ns for path in kept} == kept
    assert published(config, all_columns=True).equals(published(whole, all_columns=True))
    assert runs.left() == []


def test_killed_between_manifest_and_version_the_version_is_claimed_later(
    config: Any, tmp_path: Path
) -> None:
    record = execute(config)
    (tmp_path / "store/made/versions/1.json").unlink()
    again = execute(config)
    assert (again.run_id, again.version, again.work["published_rows"]) == (record.run_id, 1, 0)
    assert (tmp_path / "store/made/versions/1.json").exists()
