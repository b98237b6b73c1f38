"""`labelworks export`: a published version as one file to train on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from labelworks.flows.cli.output import say
from labelworks.flows.cli.store_option import DEFAULT, At, Config, find_version

if TYPE_CHECKING:
    from labelworks.schemas.config.run import RunConfig
    from labelworks.schemas.records import RunRecord
    from labelworks.tasks.exports.base import Version
    from labelworks.tasks.storage.store import Store


def export(
    joined: Annotated[
        str,
        typer.Option(metavar="FILE", help="The file to write: .parquet, .csv, .jsonl; a path or s3://…"),
    ],
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN]",
            help="The run's id, or as much of it as is unique. Default: the newest version's.",
        ),
    ] = None,
    store: At = DEFAULT,
    config: Config = None,
) -> None:
    """Write what RUN published as one file to train on: the source's columns with new labels and weights.

    The new label takes the place of the old one; original_label, action, reason, suggestion, weight and
    quality are added. Rows that were put aside are left out. The source is read again, where it was.
    """
    from labelworks.schemas.config.load import absolute
    from labelworks.tasks.exports.joined import write_joined

    version = _version(*find_version(run, store, config), config)
    out = absolute(joined)
    written = write_joined(version, out)
    print(out)
    say(f"{written.rows:,} {'row' if written.rows == 1 else 'rows'} of run {version.run_id}")
    for name, new in written.renamed.items():
        say(f"the source's column {name!r} is {new!r} there: a column of that name is added")


def _version(store: Store, dataset: str, run_id: str, config: str | None) -> Version:
    """The version of a run, by the config of its record; what opens the source is of the config named."""
    from dataclasses import replace

    from labelworks.infra.secrets import storage_secrets
    from labelworks.tasks.catalog.history import published
    from labelworks.tasks.exports.base import Version
    from labelworks.tasks.planning.open_run import open_run

    record = published(store, dataset, run_id)
    then = _config(record, config)
    run = open_run(then, run_id, storage_secrets(then.store))
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
    dataset = then.dataset.model_copy(update={"storage_options": now.dataset.storage_options})
    return then.model_copy(update={"store": now.store, "dataset": dataset})
