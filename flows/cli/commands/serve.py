"""`labelworks serve`: a pipeline that runs by itself, on one machine."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labelworks.flows.cli.output import say
from labelworks.schemas.errors import ConfigError

if TYPE_CHECKING:
    import socket

PORT, LISTEN, LAST_PORT = 4200, "127.0.0.1:4201", 65535


def serve(
    configs: Annotated[list[str], typer.Argument(metavar="CONFIG", help="YAML files, one for a dataset.")],
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY.SUB=VALUE", help="Override a key of each; may be repeated."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT",
            min=0,
            max=LAST_PORT,
            help="Port of the Prefect server and its UI, on loopback; 0: any free one.",
            show_default=str(PORT),
        ),
    ] = None,
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where events are received.")] = LISTEN,
    state: Annotated[
        Path | None,
        typer.Option(help="Folder of its database and queue; default: $XDG_STATE_HOME/labelworks/serve."),
    ] = None,
) -> None:
    """Run the pipelines of CONFIG… by schedule and whenever their sources change, until Ctrl-C.

    One tree of processes: a Prefect server (or that of PREFECT_API_URL), a watcher, a receiver of events if
    LABELWORKS_EVENTS_TOKEN or LABELWORKS_EVENTS_SECRET is set, and a runner for each dataset.
    """
    from labelworks.infra import settings

    settings.apply()
    from labelworks.flows.cli.commands.run import check
    from labelworks.flows.served import processes as tree
    from labelworks.infra.prefect_server.server import configured_url, reach
    from labelworks.infra.processes.serving import listener
    from labelworks.infra.processes.state_folder import state_folder
    from labelworks.schemas.config.load import load_config

    loaded = [load_config(config, overrides or (), check=check) for config in configs]
    if url := configured_url():
        if port is not None:
            fix = "leave it out, or unset PREFECT_API_URL"
            raise ConfigError(f"PREFECT_API_URL names a server already: {url}", where="--port", fix=fix)
        reach(url)
    with ExitStack() as held:
        own = PORT if port is None else port
        api = None if url else held.enter_context(listener(port=own, option="--port"))
        if events := event_listener(listen):
            held.enter_context(events)
        tree.serve(loaded, state_folder(state, "serve"), api=api, events=events, tell=say)


def event_listener(listen: str) -> socket.socket | None:
    """The socket that events are received on, None where no sender could be known.

    Raises ConfigError if `listen` is no HOST:PORT, or nothing can listen there.
    """
    from labelworks.infra.events.credentials import credentials
    from labelworks.infra.processes.serving import listener

    host, _, number = listen.rpartition(":")
    if not host or not number.isdecimal() or int(number) > LAST_PORT:
        raise ConfigError(f"expected HOST:PORT, not {listen!r}", where="--listen")
    return listener(host, int(number), option="--listen") if credentials() else None
