"""Which store and run a command looks into: those of `--config`, or of the store at `--store`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from labelworks.tasks.storage.store import Store

DEFAULT = "labelworks-store"
At = Annotated[
    str | None,
    typer.Option("--store", help="The store: a path or s3://bucket/prefix.", show_default=DEFAULT),
]
Config = Annotated[
    str | None,
    typer.Option("--config", metavar="CONFIG", help="The config whose store it is."),
]
RunId = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN",
        help="The run's id, or as much of its beginning as is unique. Default: the newest run.",
    ),
]


def open_store(at: str | None, config: str | None) -> Store:
    """The store of a config, or the one at an address."""
    return _opened(at, config)[0]


def find_run(run: str | None, at: str | None, config: str | None) -> tuple[Store, str, str]:
    """The store, and dataset and id of a run in it; None: the newest, of the config's dataset if named."""
    from labelworks.tasks.catalog.history import latest, lookup

    store, dataset = _opened(at, config)
    return store, *(latest(store, dataset) if run is None else lookup(store, run))


def find_version(run: str | None, at: str | None, config: str | None) -> tuple[Store, str, str]:
    """The same of a run; None: that of the version published last."""
    from labelworks.tasks.catalog.history import latest_version, lookup

    store, dataset = _opened(at, config)
    return store, *(latest_version(store, dataset) if run is None else lookup(store, run))


def _opened(at: str | None, config: str | None) -> tuple[Store, str | None]:
    from labelworks.schemas.config.load import absolute, load_config
    from labelworks.schemas.errors import ConfigError
    from labelworks.tasks.storage.store import Store

    if config is None:
        return Store(absolute(DEFAULT if at is None else at)), None
    from labelworks.infra.secrets import storage_secrets

    loaded = load_config(config)
    if at is not None and absolute(at).rstrip("/") != loaded.store.root.rstrip("/"):
        raise ConfigError(
            f"{config} names another store: {loaded.store.root}",
            where=f"--store {at}",
            fix="leave one of them out",
        )
    options = {**loaded.store.storage_options, **storage_secrets(loaded.store)}
    return Store(loaded.store.root, options), loaded.dataset.name
