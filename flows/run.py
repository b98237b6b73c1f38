"""Runs from start to end: settings, a Prefect API, a Dask cluster, then the flow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from threading import Thread

from flows.approval import settled
from infra import settings
from schemas.config import RunConfig
from schemas.errors import GateRefused
from schemas.records import RunRecord
from tasks import gates
from tasks.io.exports import exported, with_exports
from tasks.io.living import alive
from tasks.io.opening import open_run
from tasks.io.progress import Progress, current, telling


def execute(config: RunConfig, *, progress: Progress | None = None) -> RunRecord:
    """Run the pipeline of a config and return its record, also of a run that a gate refused."""
    with executed([config], progress=progress) as records:
        return next(records)


@contextmanager
def executed(
    configs: Sequence[RunConfig], *, progress: Progress | None = None
) -> Iterator[Iterator[RunRecord]]:
    """Yield the records of some configs' runs, one after the other, on one API and one cluster.

    Both are started when the first run needs them, and ended when the block is left.
    """
    settings.apply()
    with telling(progress), ExitStack() as opened:
        yield _records(configs, opened)


def _records(configs: Sequence[RunConfig], opened: ExitStack) -> Iterator[RunRecord]:
    ready = False
    for config in configs:
        record = _preflight(config)
        if record is None:
            if not ready:
                _open(config, opened)
                ready = True
            record = _curated(config)
        yield record


def _open(config: RunConfig, opened: ExitStack) -> None:
    from infra.api import prefect_api
    from infra.cluster import cluster
    from infra.gpu import place

    # All that the flow imports first: two threads that import the same packages may wait for each other.
    import_module("flows.curate")
    Thread(target=gates.warm_up, daemon=True).start()
    opened.enter_context(prefect_api())
    client = opened.enter_context(cluster(config.compute))
    place(config.compute, client)  # a GPU that is required and missing is said now, not after ingest


def _preflight(config: RunConfig) -> RunRecord | None:
    """Refuse bad input, and find a run that was done or waits, before any server is started."""
    if config.store.secret is not None:
        return None  # the store's secrets are the Prefect API's to give
    run, _ = open_run(config, {})
    with alive(run):
        found = settled(run)
    if found is not None and not exported(run, found):
        return None
    if found is not None and found.status == "published":
        current().note(f"run {found.run_id} was published before as version {found.version}: nothing to do")
    return found and with_exports(run, found)


def _curated(config: RunConfig) -> RunRecord:
    from flows.curate import curate

    try:
        return curate(config)
    except GateRefused as error:
        if error.record is None:
            raise
        return RunRecord.model_validate(error.record)
