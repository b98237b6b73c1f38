"""`labelworks watch`: changes of sources, told to a Prefect server whose workers run the pipelines."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from labelworks.flows.cli.commands.serve import LISTEN, event_listener
from labelworks.flows.cli.output import say
from labelworks.schemas.errors import ConfigError


def watch(
    configs: Annotated[list[str], typer.Argument(metavar="CONFIG", help="YAML files, one for a dataset.")],
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY.SUB=VALUE", help="Override a key of each; may be repeated."),
    ] = None,
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where events are received.")] = LISTEN,
    state: Annotated[
        Path | None, typer.Option(help="Folder of its queue; default: $XDG_STATE_HOME/labelworks/watch.")
    ] = None,
) -> None:
    """Tell the Prefect server of PREFECT_API_URL whenever a source of CONFIG… changes, until Ctrl-C.

    For pipelines of `labelworks deploy --on-change`: emits labelworks.dataset.changed for each burst of what
    a watcher, SQS, and a receiver (if LABELWORKS_EVENTS_TOKEN or LABELWORKS_EVENTS_SECRET is set) see.
    """
    from labelworks.infra import settings

    settings.apply()
    from labelworks.flows.cli.commands.run import check
    from labelworks.flows.served import processes as tree
    from labelworks.infra.prefect_server.server import configured_url
    from labelworks.infra.processes.state_folder import state_folder
    from labelworks.schemas.config.load import load_config

    if not configured_url():
        raise ConfigError(
            "there is no Prefect server to tell of changes",
            where="PREFECT_API_URL",
            fix="set it, or use `labelworks serve`, which brings its own",
        )
    loaded = [load_config(config, overrides or (), check=check) for config in configs]
    with ExitStack() as held:
        if events := event_listener(listen):
            held.enter_context(events)
        tree.watch(loaded, state_folder(state, "watch"), events=events, tell=say)
