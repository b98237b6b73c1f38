"""Two datasets side by side on one server, one cluster and one store: neither sees the other."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import FlowRun
from prefect.states import Completed, Pending, Running, Scheduled

from labelworks.flows.served.registration import deploy

pytestmark = pytest.mark.usefixtures("prefect_api")


def test_two_datasets_run_at_once_and_share_no_state(
    made: Any, write: Any, run_config: Any, tmp_path: Path
) -> None:
    running = []
    for seed, name in enumerate(("red", "blue")):
        config = run_config(write(made(seed=seed).table, name), dataset={"name": name})
        file = tmp_path / f"{name}.yaml"
        file.write_text(yaml.safe_dump(config.model_dump(mode="json", by_alias=True)))
        command = [sys.executable, "-m", "labelworks.flows.cli.app", "run", str(file), "--json"]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
    records = [json.loads(process.communicate(timeout=300)[0]) for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert [(each["dataset"], each["version"], each["rows"]) for each in records] == [
        ("red", 1, 400),
        ("blue", 1, 400),
    ]
    store = tmp_path / "store"
    assert {path.name for path in store.iterdir()} == {"red", "blue"}
    for record, other in zip(records, ("blue", "red"), strict=True):
        files = [path for path in (store / record["dataset"]).rglob("*.json") if path.is_file()]
        assert not [path for path in files if f"store/{other}/" in path.read_text()]
    with get_client(sync_client=True) as client:
        wanted = ["red-verdict", "blue-verdict", "red-review-queue", "blue-report"]
        named = ArtifactFilter(key=ArtifactFilterKey(any_=wanted))  # a page holds 200 of all there are
        keys = {artifact.key for artifact in client.read_artifacts(artifact_filter=named)}
    assert keys == set(wanted)


def test_on_a_work_pool_a_dataset_runs_once_at_a_time_and_the_next_run_waits(run_config: Any) -> None:
    own = [deploy(run_config("data", dataset={"name": name}), on_change=True, work_pool="one-by-one")
           for name in ("mine", "yours")]  # fmt: skip
    with get_client(sync_client=True) as client:
        first, second = (client.create_flow_run_from_deployment(own[0]) for _ in range(2))
        other = client.create_flow_run_from_deployment(own[1])

        def asked(run: FlowRun) -> str:
            """What a worker is told that asks to begin a run."""
            client.set_flow_run_state(run.id, Pending())
            state = client.read_flow_run(run.id).state
            return state.name if state is not None else ""

        assert asked(first) == "Pending"
        assert asked(second) == "AwaitingConcurrencySlot"
        assert asked(other) == "Pending"
        client.set_flow_run_state(first.id, Running())
        client.set_flow_run_state(first.id, Completed())
        client.set_flow_run_state(second.id, Scheduled(), force=True)  # its time to ask again has come
        assert asked(second) == "Pending"
