"""A published version as commands open it: by the config of its run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labelworks.schemas.config.run import RunConfig
    from labelworks.schemas.records import RunRecord
    from labelworks.tasks.exports.base import Version
    from labelworks.tasks.planning.run import Run
    from labelworks.tasks.storage.store import Store


def open_version(store: Store, dataset: str, run_id: str, config: str | None) -> Version:
    """The version of a run, by the config of its record; of the config named is what opens
    the source, and what is said of the dataset.
    """
    from labelworks.tasks.catalog.history import published
    from labelworks.tasks.exports.base import Version

    record = published(store, dataset, run_id)
    run = open_recorded(store, record, config)
    record = record.model_copy(update={"config": run.config.model_dump(mode="json", by_alias=True)})
    return Version(run.artifacts, run.source, record)


def open_recorded(store: Store, record: RunRecord, config: str | None) -> Run:
    """A run that has ended, as stages see it; of the config named is what opens its source."""
    from dataclasses import replace

    from labelworks.infra.secrets import storage_secrets
    from labelworks.tasks.planning.open_run import open_run

    then = _config(record, config)
    run = open_run(then, record.run_id, storage_secrets(then.store))
    return replace(run, artifacts=replace(run.artifacts, store=store))


def _config(record: RunRecord, path: str | None) -> RunConfig:
    from pydantic import ValidationError

    from labelworks.schemas.config.load import load_config
    from labelworks.schemas.config.run import RunConfig
    from labelworks.schemas.errors import ConfigError

    now = None if path is None else load_config(path)
    try:
        then = RunConfig.model_validate(record.config)
    except ValidationError as error:
        if now is None:
            raise ConfigError(
                "the run's config can't be read by this version",
                where=f"run {record.run_id}",
                fix="name its config: --config CONFIG",
            ) from error
        return now
    if now is None:
        return then
    said = ("storage_options", "about", "hierarchy")
    dataset = then.dataset.model_copy(update={name: getattr(now.dataset, name) for name in said})
    return then.model_copy(update={"store": now.store, "dataset": dataset})
