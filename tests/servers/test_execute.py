"""A run on a Prefect API and a Dask cluster: what it publishes, and what is left of it."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import fsspec
import pytest

from labelworks.flows.execute import execute
from labelworks.flows.recorder import Recorder
from tests.support.stages import run_stages

pytestmark = pytest.mark.usefixtures("prefect_api")


def test_on_servers_and_in_one_process_the_same_rows_are_published(
    made: Any, write: Any, run_config: Any, published: Any, tmp_path: Path
) -> None:
    table = made(rows=600).table
    source = write(table, parts=5)
    target = write(made(rows=200, seed=4).table.drop_columns("label"), "target")
    more = {"dataset": {"target": str(target)}, "detect": {"out_of_scope": 0.05}}
    served = run_config(source, **more)
    alone = run_config(source, store={"root": str(tmp_path / "alone")}, **more)
    records = [execute(served), run_stages(alone)]
    assert [record.status for record in records] == ["published"] * 2
    assert published(served, all_columns=True).equals(published(alone, all_columns=True))
    changing = {"work", "timings", "started", "finished", "report", "config"}
    first, second = (record.model_dump(mode="json", exclude=changing) for record in records)
    for each in (first, second):
        for measured in ("encoding_seconds", "judging_seconds", "waits"):
            del each["embedding"][measured]
    assert first == second
    assert records[0].work == records[1].work


def test_over_s3_the_result_is_the_same(
    made: Any, write: Any, run_config: Any, published: Any, bucket: Any
) -> None:
    url, options = bucket
    source = write(made().table)
    fsspec.filesystem("s3", **options).put(str(source), f"{url}/data/", recursive=True)
    local = run_config(source)
    remote = run_config(f"{url}/data/", store={"root": f"{url}/store", "storage_options": options})
    run_stages(local)
    record = execute(remote)
    assert (record.status, record.version) == ("published", 1)
    assert record.report.startswith(f"{url}/store/made/runs/")
    assert published(remote).equals(published(local))
    assert set(execute(remote).work.values()) == {0}


def test_a_run_s_progress_is_one_artifact_that_ends_at_100(made: Any, write: Any, run_config: Any) -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

    execute(run_config(write(made(rows=120).table), dataset={"name": "followed"}))
    wanted = ArtifactFilter(key=ArtifactFilterKey(any_=["progress"]))
    with get_client(sync_client=True) as client:
        found = [
            each for each in client.read_artifacts(artifact_filter=wanted) if "followed" in each.description
        ]
    assert [(each.type, each.data, each.description) for each in found] == [
        ("progress", 100.0, "followed: done")
    ]


def test_a_process_keeps_nothing_of_a_run_that_is_over(made: Any, write: Any, run_config: Any) -> None:
    def recorders() -> list[Recorder]:
        gc.collect()
        return [each for each in gc.get_objects() if type(each) is Recorder]

    before = recorders()
    execute(run_config(write(made(rows=120).table)))
    assert [each for each in recorders() if not any(each is old for old in before)] == []
