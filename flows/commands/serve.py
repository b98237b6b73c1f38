"""`labelworks serve`: a pipeline that runs by itself, on one machine."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Annotated

import typer

from flows.output import say
from schemas.errors import ConfigError

PORT, LISTEN = 4200, "127.0.0.1:4201"


def serve(
    configs: Annotated[list[str], typer.Argument(metavar="CONFIG...", help="YAML files, one for a dataset.")],
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY.SUB=VALUE", help="Override a key of each; may be repeated."),
    ] = None,
    port: Annotated[int, typer.Option(help="Port of the Prefect server and its UI, on loopback.")] = PORT,
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
    from infra import settings

    settings.apply()
    from flows import serve as tree
    from flows.commands.run import check
    from infra.api import configured_url
    from infra.served import state_folder
    from schemas.load import load_config

    loaded = [load_config(each, overrides or (), check=check) for each in configs]
    if not configured_url():
        _free("127.0.0.1", port, "--port")
    check_listen(listen)
    tree.serve(loaded, state_folder(state, "serve"), port=port, listen=listen, tell=say)


def check_listen(listen: str) -> None:
    """Raise ConfigError if that is no HOST:PORT, or nothing can listen there."""
    host, _, number = listen.rpartition(":")
    if not host or not number.isdigit():
        raise ConfigError(f"expected HOST:PORT, not {listen!r}", where="--listen")
    _free(host, int(number), "--listen")


def _free(host: str, port: int, option: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f"{host}:{port} can't be listened on: {error.strerror}", where=option, fix="choose another"
            ) from error
