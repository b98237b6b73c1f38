"""A published version as commands open it: by the config of its run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labelworks.schemas.config.run import RunConfig
    from labelworks.schemas.records import RunRecord
    from labelworks.tasks.exports.base import Version
    from labelworks.tasks.storage.store import Store


def open_version(store: Store, dataset: str, run_id: str, config: str | None) -> Version:
    """The version of a run, by the config of its record; of the config named is what opens
    the source, and what is said of the dataset.
    """
    from dataclasses import replace

    from labelworks.infra.secrets import storage_secrets
    from labelworks.tasks.catalog.history import published
    from labelworks.tasks.exports.base import Version
    from labelworks.tasks.planning.open_run import open_run

    record = published(store, dataset, run_id)
    then = _config(record, config)
    run = open_run(then, run_id, storage_secrets(then.store))
    record = record.model_copy(update={"config": then.model_dump(mode="json", by_alias=True)})
    return Version(replace(run.artifacts, store=store), run.source, record)


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
    said = {"storage_options": now.dataset.storage_options, "about": now.dataset.about}
    dataset = then.dataset.model_copy(update=said)
    return then.model_copy(update={"store": now.store, "dataset": dataset})
