"""Registers deployments on the Prefect server that is configured."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

from labelworks.flows.served.deployment import deployment
from labelworks.schemas.config.run import RunConfig

POOL_TYPE = "process"


def register(config: RunConfig) -> UUID:
    """Register the deployment of a served dataset, and give its id.

    One that is there and the same is left alone: registering it anew would delete the runs that are due.
    """
    made = deployment(config, on_change=False, concurrency=False)
    with get_client(sync_client=True) as client:
        try:
            registered = client.read_deployment_by_name(made.full_name)
        except ObjectNotFound:
            registered = None
    if registered is not None and registered.version == made.version:
        return registered.id
    return _apply(made)


def deploy(config: RunConfig, *, on_change: bool, work_pool: str) -> UUID:
    """Register the deployment of a dataset for a work pool, which is made if there is none of that name."""
    from prefect.client.schemas.actions import WorkPoolCreate

    with get_client(sync_client=True) as client:
        try:
            client.read_work_pool(work_pool)
        except ObjectNotFound:
            with suppress(ObjectAlreadyExists):  # another was quicker
                client.create_work_pool(WorkPoolCreate(name=work_pool, type=POOL_TYPE))
    return _apply(deployment(config, on_change=on_change), work_pool)


def _apply(made: RunnerDeployment, work_pool: str | None = None) -> UUID:
    return UUID(str(made.apply(work_pool_name=work_pool)))
