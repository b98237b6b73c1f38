"""Runs from start to end: settings, a Prefect API, a Dask cluster, then the flow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from threading import Thread
from typing import Any

from labelworks.infra import settings
from labelworks.infra.process import imports, threads
from labelworks.schemas.config.features import EncoderChoice
from labelworks.schemas.config.run import ComputeConfig, RunConfig
from labelworks.schemas.errors import GateRefused
from labelworks.schemas.records import RunRecord
from labelworks.schemas.suites import suites
from labelworks.tasks import gates
from labelworks.tasks.catalog.finished import finished_record, reinstate
from labelworks.tasks.catalog.heartbeat import run_heartbeat
from labelworks.tasks.execution.progress import Progress, current, telling
from labelworks.tasks.exports import exported, with_exports
from labelworks.tasks.exports.base import Version
from labelworks.tasks.ingest.gate_rows import check_source_columns
from labelworks.tasks.ingest.learnable import look_ahead
from labelworks.tasks.methods.encoders.base import make
from labelworks.tasks.planning.open_run import listed_once, plan_run

FLOWS_NEED = (
    "labelworks.flows.curate",
    "fastapi.encoders",
    "matplotlib.figure",
)  # the last two by a first run, late
FEW_ROWS, FEW_BYTES = 20_000, 32 << 20  # of source and target together
WORKERS_NEED = (
    "prefect_dask.client",
    "labelworks.tasks.embed.stage",
    "labelworks.tasks.detect.stage",
    "labelworks.tasks.treat.stage",
    "labelworks.tasks.publish.stage",
)


def execute(config: RunConfig, *, progress: Progress | None = None) -> RunRecord:
    """Run the pipeline of a config and return its record, also of a run that a gate refused."""
    return execute_all([config], progress=progress)[0]


def execute_here(config: RunConfig, *, progress: Progress | None = None) -> RunRecord:
    """As `execute`, but by plain calls where no Prefect API is configured: nobody would see its flow runs."""
    return execute_all([config], progress=progress, api=not _by_itself(config))[0]


def _by_itself(config: RunConfig) -> bool:
    """Whether nothing that a run needs is Prefect's to give: its API, a secret, its watch over a cluster."""
    from labelworks.infra.prefect_server.server import configured_url
    from labelworks.tasks.execution.engine import in_flow

    compute = config.compute
    elsewhere = compute.scheduler or compute.cluster_class or config.store.secret
    keys = any(judge.secret for judge in config.treat.judges.models)
    return not (elsewhere or keys or configured_url() or in_flow())


def execute_all(
    configs: Sequence[RunConfig], *, progress: Progress | None = None, api: bool = True
) -> list[RunRecord]:
    """Run the pipelines of some configs, one after the other, on one API and one cluster; their records.

    Both are started when the first run needs them. api: False where stages are to be plain calls.
    """
    settings.apply()
    records: list[RunRecord] = []
    with telling(progress), ExitStack() as started:
        serving = False
        for config in configs:
            with listed_once():
                record = _preflight(config)
                if record is None and not serving:
                    here = len(configs) == 1 and fits_here(config)
                    started.enter_context(servers(config.compute, here=here, api=api))
                    serving = True
                records.append(record or _curated(config, as_flow=api))
            if len(configs) > 1:
                current().note(f"{records[-1].dataset}: {records[-1].status}")
    return records


def fits_here(config: RunConfig) -> bool:
    """Whether workers of their own would cost a run more than they take from it.

    That is so for a source and a target of one small partition each, unless the config asks for workers, for
    memory or for a GPU, or the encoder is a large model.
    """
    compute, encoder, data = config.compute, config.encoder, config.dataset
    if compute != ComputeConfig(
        **compute.model_dump(include={"threads", "partition_rows", "partition_bytes"})
    ):
        return False
    if config.store.secret is not None or any(
        _uses_device(encoder.of(kind), kind) for kind in data.features.kinds
    ):
        return False
    _, plans = plan_run(config, {})
    partitions = [partition for plan in plans.values() for partition in plan.partitions]
    small = (
        sum(partition.rows for partition in partitions) <= FEW_ROWS
        and sum(partition.size for partition in partitions) <= FEW_BYTES
    )
    return small and len(partitions) == len(plans)


def _uses_device(chosen: EncoderChoice, kind: str) -> bool:
    return make(chosen.name, kind, chosen.options).uses_device


@contextmanager
def servers(compute: ComputeConfig, *, here: bool = False, api: bool = True) -> Iterator[Any]:
    """Yield the Dask client that runs use, beside a Prefect API: configured ones, or our own.

    here: where there is one worker, in this process; without an API it is no worker, and there is no client.
    """
    from labelworks.infra.cluster.cluster import cluster, prepare
    from labelworks.infra.cluster.gpu import place
    from labelworks.infra.prefect_server.server import starting_api

    with ExitStack() as opened:
        if here:
            opened.enter_context(threads(compute.threads))
        with imports():
            answers = opened.enter_context(starting_api()) if api else str
            # Before the thread: two that import the same packages may wait for each other.
            for name in FLOWS_NEED:
                import_module(name)
            Thread(target=_warm_up, daemon=True).start()
            client = None if here and not api else opened.enter_context(cluster(compute, here=here))
        if client is not None and not compute.scheduler:
            prepare(client, WORKERS_NEED, compute.threads)
        answers()
        place(compute, client)  # a GPU that is required and missing is said now, not after ingest
        yield client


def _warm_up() -> None:
    with imports():
        gates.warm_up()


def _preflight(config: RunConfig) -> RunRecord | None:
    """Refuse bad input, and find a run that was done or waits, before any server is started."""
    if config.store.secret is not None:
        return None  # the store's secrets are the Prefect API's to give
    run, plans = plan_run(config, {})
    with run_heartbeat(run.artifacts):
        finished = finished_record(run.artifacts)
        if finished is None:
            rows = suites("ingest", config.gates.ingest).rows
            check_source_columns(run.source, plans, rows, "gates.ingest.expectations")
            proof = suites("validate", config.gates.validation).figures
            look_ahead(run.source, plans, proof)
            return None
        finished = reinstate(run.artifacts, finished)
    version = Version(run.artifacts, run.source, finished)
    if not exported(version, config.publish.also):
        return None
    if finished.status == "published":
        current().note(
            f"run {finished.run_id} was published before as version {finished.version}: nothing to do"
        )
    return with_exports(version, config.publish.also)


def _curated(config: RunConfig, *, as_flow: bool) -> RunRecord:
    from labelworks.flows.curate import curate

    try:
        return curate(config) if as_flow else curate.fn(config)
    except GateRefused as error:
        if error.record is None:
            raise
        return RunRecord.model_validate(error.record)
