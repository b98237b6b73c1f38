"""Approval in Prefect: a served run is suspended with a form, and goes on with what a person filled in."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import PrefectHTTPStatusError

from labelworks.flows.served.registration import register
from labelworks.flows.served.runner import Runner
from labelworks.infra.events.queue import EventQueue
from labelworks.infra.processes.signals import Interrupt
from labelworks.schemas.events import DatasetChanged
from tests.support.waiting import wait_for

pytestmark = pytest.mark.usefixtures("prefect_api")
TURNS = 600


@pytest.fixture
def client() -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as client:
        yield client


@pytest.fixture
def served(
    made: Any, write: Any, run_config: Any, tmp_path: Path, client: SyncPrefectClient
) -> Callable[..., Runner]:
    """The runner of a dataset whose treatment a person has to approve, as `labelworks serve` has it."""

    def served(name: str, **treat: Any) -> Runner:
        treated = {"approve_over": 0.01, **treat}
        config = run_config(write(made().table, name), dataset={"name": name}, treat=treated)
        return Runner(config, EventQueue(tmp_path / f"{name}.db"), client, register(config), Interrupt())

    return served


def changed(runner: Runner) -> FlowRun:
    """Tell the runner of a change, let it work, and return the flow run that came of it."""
    event = DatasetChanged(dataset=runner.dataset)
    runner.queue.put([event])
    wait_for(runner.turn)
    of = DeploymentFilter(id=DeploymentFilterId(any_=[runner.deployment]))  # the API gives 200 runs at most
    return max(runner.client.read_flow_runs(deployment_filter=of), key=lambda run: run.created)


def gone_on(runner: Runner, flow_run: FlowRun) -> FlowRun:
    wait_for(runner.turn)
    return runner.client.read_flow_run(flow_run.id)


def test_a_paused_run_goes_on_with_a_lower_budget_and_repeats_no_work(
    served: Callable[..., Runner], client: SyncPrefectClient, tmp_path: Path
) -> None:
    runner = served("budgeted")
    paused = changed(runner)
    assert paused.state.is_paused(), paused.state.message
    key = next(iter(paused.state.state_details.run_input_keyset.values())).rsplit("-", 1)[0]
    described = client.request(
        "GET", "/flow_runs/{id}/input/{key}", path_params={"id": paused.id, "key": f"{key}-description"}
    )
    for word in ("publish this?", "asked above 1.0 %", "report.html"):
        assert word in described.json()
    assert not (tmp_path / "store/budgeted/versions").exists()
    # A change that leads to the same run finds it waiting: nobody is asked twice.
    again = changed(runner)
    assert again.state.is_completed()
    assert "waits for approval in another flow run" in again.state.message
    client.resume_flow_run(paused.id, run_input={"decision": "approve", "budget": 4, "by": "Ada"})
    done = gone_on(runner, paused)
    assert done.state.is_completed(), done.state.message
    assert "version 1 published" in done.state.message
    run = next((tmp_path / "store/budgeted/runs").iterdir())
    record = json.loads((run / "manifest.json").read_text())
    assert (record["treatment"]["relabel"], record["approval"]["by"]) == (4, "Ada")
    assert record["work"]["embedded_rows"] == record["work"]["scored_rows"] == 0


def test_a_rejected_run_publishes_nothing(
    served: Callable[..., Runner], client: SyncPrefectClient, command: Any, tmp_path: Path
) -> None:
    runner = served("rejected")
    paused = changed(runner)
    run = next((tmp_path / "store/rejected/runs").iterdir())
    code, _, err = command("approve", run.name, "--reject", "--store", str(tmp_path / "store"))
    assert (code, "goes on where it waited" in err) == (0, True)
    done = gone_on(runner, paused)
    assert (done.state.name, done.state.is_completed()) == ("Rejected", True)
    assert not (tmp_path / "store/rejected/versions").exists()
    assert "rejected" in changed(runner).state.message


def test_without_an_answer_in_time_nothing_is_published(
    served: Callable[..., Runner], client: SyncPrefectClient, tmp_path: Path
) -> None:
    runner = served("unanswered", approve_within=2.0)
    paused = changed(runner)
    began = time.time()
    assert paused.state.is_paused()
    wait_for(lambda: time.time() > began + 2.0)
    try:
        answer = client.resume_flow_run(paused.id, run_input={"decision": "approve"})
        assert answer.status.value != "ACCEPT"
    except PrefectHTTPStatusError:
        pass
    assert "nobody answered until" in changed(runner).state.message
    assert not (tmp_path / "store/unanswered/versions").exists()
