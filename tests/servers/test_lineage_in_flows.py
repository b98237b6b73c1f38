"""Lineage of a run in Prefect: each event names the flow run that it is of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client

from labelworks.flows.execute import execute
from labelworks.schemas.config.run import RunConfig

pytestmark = pytest.mark.usefixtures("prefect_api")


def test_events_name_the_flow_runs(
    made: Any, write: Any, raw_config: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = {"type": "file", "log_file_path": f"{tmp_path}/lineage.jsonl", "append": True}
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT", json.dumps(file))
    execute(RunConfig.model_validate(raw_config(write(made().table))))
    events = [json.loads(line) for line in Path("lineage.jsonl").read_text().splitlines()]
    with get_client(sync_client=True) as client:
        for event in events:
            told = event["run"]["facets"]["prefect"]
            found = client.read_flow_run(told["flowRunId"])
            stage = event["job"]["name"].removeprefix("curate.made").removeprefix(".") or "curate"
            assert found.name == told["flowRunName"] == f"{stage} made"
    assert len({event["run"]["facets"]["prefect"]["flowRunId"] for event in events}) == 7
