"""Deployments: what the Prefect server knows of a dataset's pipeline, so that it can start it."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.events import DeploymentEventTrigger
from prefect.schedules import Cron, Interval, Schedule
from prefect.types.entrypoint import EntrypointType

from labelworks.flows.reprocess import reprocess
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.config.schedule import ScheduleConfig
from labelworks.schemas.events import DatasetChanged, resource_id

MIDNIGHT = datetime(2020, 1, 1, tzinfo=UTC)  # intervals count from here: a restart doesn't move them


def deployment(config: RunConfig, *, on_change: bool, concurrency: bool = True) -> RunnerDeployment:
    """The deployment of a dataset, named after it; its version says whether anything of it is new.

    `on_change`: `labelworks.dataset.changed` starts it too. `concurrency`: one run at a time.
    """
    name = config.dataset.name
    parameters = {"config": config.model_dump(mode="json", by_alias=True), "change": None}
    return reprocess.to_deployment(
        name=name,
        schedules=_schedules(config.schedule),
        triggers=[_trigger(name)] if on_change else [],
        parameters=parameters,
        tags=["labelworks", name],
        version=hashlib.blake2b(
            json.dumps([parameters, on_change, concurrency], sort_keys=True).encode(), digest_size=8
        ).hexdigest(),
        concurrency_limit=ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE)
        if concurrency
        else None,
        description=f"Look at {config.dataset.source}; curate it if it changed.",
        entrypoint_type=EntrypointType.MODULE_PATH,
    )  # type: ignore[return-value]


def _schedules(schedule: ScheduleConfig) -> list[Schedule]:
    if schedule.cron is not None:
        return [Cron(schedule.cron, timezone=schedule.timezone)]
    if schedule.interval is not None:
        return [Interval(timedelta(seconds=schedule.interval), anchor_date=MIDNIGHT)]
    return []


def _trigger(dataset: str) -> DeploymentEventTrigger:
    change: dict[str, Any] = {"template": "{{ event.payload | tojson }}", "__prefect_kind": "jinja"}
    return DeploymentEventTrigger(
        name=f"{dataset}: the source changed",
        expect={DatasetChanged.event},
        match={"prefect.resource.id": resource_id(dataset)},
        parameters={"change": {"__prefect_kind": "json", "value": change}},
    )
