"""A run as commands open it whose rows people are shown: published or not, waiting or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labelworks.tasks.planning.run import Run
    from labelworks.tasks.storage.store import Store


def open_judged(store: Store, dataset: str, run_id: str, config: str | None) -> Run:
    """The run, by the config of its record; of one that hasn't come to an end by the config that is named."""
    from dataclasses import replace

    from labelworks.flows.cli.published_version import open_recorded
    from labelworks.infra.secrets import storage_secrets
    from labelworks.schemas.config.load import load_config
    from labelworks.schemas.errors import InputError
    from labelworks.tasks.catalog.history import entry
    from labelworks.tasks.planning.open_run import open_run

    record = entry(store, dataset, run_id).record
    if record is not None:
        return open_recorded(store, record, config)
    if config is None:
        raise InputError(
            "the run has not come to an end",
            where=store.url(f"{dataset}/runs/{run_id}"),
            fix="--config CONFIG",
        )
    then = load_config(config)
    run = open_run(then, run_id, storage_secrets(then.store))
    return replace(run, artifacts=replace(run.artifacts, store=store, dataset=dataset))
