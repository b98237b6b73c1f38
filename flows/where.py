"""Which store a command looks into: that of `--config`, or the one at `--store`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tasks.io.store import Store

At = Annotated[str, typer.Option("--store", help="The store: a path or s3://bucket/prefix.")]
Config = Annotated[
    str | None,
    typer.Option("--config", metavar="CONFIG", help="The config whose store it is."),
]
DEFAULT = "labelworks-store"


def open_store(at: str, config: str | None) -> Store:
    """The store of a config, or the one at an address."""
    from schemas.load import absolute, load_config
    from tasks.io.store import Store

    if config is None:
        return Store(absolute(at))
    from infra.secrets import storage_secrets

    chosen = load_config(config).store
    return Store(chosen.root, {**chosen.storage_options, **storage_secrets(chosen)})
