"""What the Prefect UI shows: names of runs, stages as flows, artifacts, states that say what to do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId, FlowRunFilter
from prefect.client.schemas.objects import Artifact, FlowRun
from prefect.client.schemas.sorting import ArtifactSort

from labelworks.flows.execute import execute
from labelworks.schemas.errors import GateRefused

pytestmark = pytest.mark.usefixtures("prefect_api")
STAGES = ["ingest", "embed", "detect", "treat", "validate", "publish"]


def family(name: str) -> tuple[FlowRun, list[FlowRun]]:
    """The flow run of a name, and its sub-flows in the order in which they began."""
    with get_client(sync_client=True) as client:
        (run,) = client.read_flow_runs(
            flow_run_filter=FlowRunFilter.model_validate({"name": {"any_": [name]}})
        )
        inside = {"parent_flow_run_id": {"any_": [run.id]}}
        children = client.read_flow_runs(flow_run_filter=FlowRunFilter.model_validate(inside))
    return run, sorted(children, key=lambda child: str(child.start_time))


def artifacts(runs: list[FlowRun]) -> dict[str, Artifact]:
    """The newest artifact of every key, as the UI shows it: what is listed is listed again once treated."""
    wanted = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run.id for run in runs]))
    with get_client(sync_client=True) as client:
        newest_first = client.read_artifacts(artifact_filter=wanted, sort=ArtifactSort.CREATED_DESC)
    return {str(artifact.key): artifact for artifact in reversed(newest_first)}


def test_names_say_dataset_and_window_and_every_stage_is_a_flow_with_its_artifacts(
    made: Any, write: Any, run_config: Any
) -> None:
    data = {
        "name": "seen",
        "window": "2026-01",
        "source": str(write(made().table, "2026-01").parent / "{window}"),
    }
    record = execute(run_config("", dataset=data))
    assert record.status == "published"
    run, stages = family("curate seen@2026-01")
    assert [stage.name for stage in stages] == [f"{stage} seen@2026-01" for stage in STAGES]
    assert all(stage.parameters == {} for stage in stages)  # what a run knows of its store stays out of them
    assert all(each.state is not None and each.state.is_completed() for each in (run, *stages))
    shown = artifacts([run, *stages])
    own = {f"seen-2026-01-{kind}-{stage}" for kind in ("gate", "stage") for stage in STAGES}
    assert set(shown) == {
        *own, "seen-2026-01-review-queue", "seen-2026-01-verdict", "seen-2026-01-report", "progress",
    }  # fmt: skip
    queue = json.loads(str(shown["seen-2026-01-review-queue"].data))
    assert {"id", "label", "likelier", "action", "reason"} <= set(queue[0])
    assert "data:image/png;base64," in str(shown["seen-2026-01-stage-detect"].data)
    assert record.report in str(shown["seen-2026-01-report"].data)


def test_a_refusal_is_a_failed_stage_whose_message_says_why_and_what_to_do(
    made: Any, write: Any, run_config: Any
) -> None:
    gates = {"detect": {"thresholds": {"max_noise_rate": 0.001}}}
    config = run_config(write(made().table), dataset={"name": "stopped"}, gates=gates)
    assert execute(config).status == "refused"
    run, stages = family("curate stopped")
    assert [stage.name for stage in stages] == ["ingest stopped", "embed stopped", "detect stopped"]
    for each in (run, stages[-1]):
        assert each.state is not None
        assert each.state.is_failed()
        for word in (GateRefused.__name__, "max_noise_rate", "gates.detect.thresholds.max_noise_rate"):
            assert word in str(each.state.message)
