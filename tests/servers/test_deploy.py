"""Deployments: of a config, of prefect.yaml, and the automations; on a real Prefect API."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import yaml

ROOT = Path(__file__).parents[2]
DATASET = {"name": "deployed", "source": "s3://b/x/", "label": "l", "features": {"text": "t"}}


def prefect(*arguments: str) -> str:
    command = [str(Path(sys.executable).parent / "prefect"), "--no-prompt", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def read(name: str) -> tuple[Any, list[Any]]:
    """A deployment, and the automations that start it."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        found = client.read_deployment_by_name(name)
        path = f"/automations/related-to/prefect.deployment.{found.id}"
        return found, list(httpx.get(os.environ["PREFECT_API_URL"] + path).json())


def test_a_config_is_deployed_with_schedule_trigger_tags_and_one_run_at_a_time(
    prefect_api: str, command: Any, tmp_path: Path
) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(yaml.safe_dump({"dataset": DATASET}))
    code, out, err = command("deploy", str(file), "--cron", "0 3 * * *", "--on-change", "--work-pool", "mine")
    assert (code, out) == (0, "reprocess/deployed\n"), err
    found, automations = read("reprocess/deployed")
    assert found.entrypoint == "labelworks.flows.reprocess.reprocess"
    assert [schedule.schedule.cron for schedule in found.schedules] == ["0 3 * * *"]
    assert (found.tags, found.work_pool_name) == (["labelworks", "deployed"], "mine")
    assert found.global_concurrency_limit.limit == 1
    assert found.concurrency_options.collision_strategy == "ENQUEUE"
    assert found.parameters["config"]["dataset"]["source"] == "s3://b/x/"
    (automation,) = automations
    assert automation["trigger"]["expect"] == ["labelworks.dataset.changed"]
    assert automation["trigger"]["match"] == {"prefect.resource.id": "labelworks.dataset.deployed"}
    command("deploy", str(file), "--interval", "15m")
    again, none = read("reprocess/deployed")
    assert (again.id, none) == (found.id, [])
    assert [schedule.schedule.interval.total_seconds() for schedule in again.schedules] == [900]


def test_the_file_of_deployments_is_the_same_as_the_command(prefect_api: str) -> None:
    prefect("work-pool", "create", "labelworks", "--type", "process", "--overwrite")
    prefect("deploy", "--all", "--prefect-file", "infra/prefect.yaml")
    found, automations = read("reprocess/reviews")
    assert found.entrypoint == "labelworks.flows.reprocess.reprocess"
    assert [schedule.schedule.cron for schedule in found.schedules] == ["0 3 * * *"]
    assert (found.tags, found.work_pool_name) == (["labelworks", "reviews"], "labelworks")
    assert found.global_concurrency_limit.limit == 1
    assert not found.pull_steps
    (automation,) = automations
    assert automation["trigger"]["expect"] == ["labelworks.dataset.changed"]
    from labelworks.flows.served.deployment import deployment
    from labelworks.schemas.config.run import RunConfig

    config = RunConfig.model_validate(found.parameters["config"])
    own = deployment(config, on_change=True).triggers[0]
    (action,) = automation["actions"]
    assert (own.name, own.parameters) == (automation["name"], action["parameters"])
    assert own.match.model_dump() == automation["trigger"]["match"]  # type: ignore[union-attr]


def test_the_automations_are_what_prefect_understands(prefect_api: str) -> None:
    from prefect.events.schemas.automations import AutomationCore

    from labelworks.schemas.events import EMITTED

    names = {each.event for each in EMITTED}
    for each in yaml.safe_load((ROOT / "infra/automations.yaml").read_text())["automations"]:
        automation = AutomationCore.model_validate(each)
        assert automation.trigger.expect <= names  # type: ignore[union-attr]


def test_without_a_server_there_is_nothing_to_deploy_to(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(yaml.safe_dump({"dataset": DATASET}))
    environment = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"}
    command = [sys.executable, "-m", "labelworks.flows.cli.app", "deploy", str(tmp_path / "c.yaml")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no Prefect server to deploy to" in done.stderr
