"""`labelworks metrics`: figures of the latest runs, for Prometheus."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer

from labelworks.flows.cli.output import say
from labelworks.flows.cli.store_option import At, Config, open_store
from labelworks.schemas.errors import ConfigError

ENDS = {signal.SIGINT, signal.SIGTERM}


def metrics(
    store: At = None,
    config: Config = None,
    listen: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Serve them at http://HOST:PORT/metrics until Ctrl-C."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write them to this file, for the textfile collector (….prom).")
    ] = None,
) -> None:
    """Print what Prometheus is told of a store's datasets: rows, noise, gates, stage times, versions."""
    from prometheus_client import generate_latest, start_http_server, write_to_textfile

    from labelworks.infra.observability.metrics import registry

    if out is not None and listen is not None:
        raise ConfigError("a file or an address", where="--out, --listen", fix="give one of them")
    collectors = registry(open_store(store, config))
    if out is not None:
        write_to_textfile(str(out), collectors)
        say(f"written to {out}")
    elif listen is None:
        print(generate_latest(collectors).decode(), end="")
    else:
        host, port = address(listen)
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)  # before the server's thread, which inherits it
        try:
            server, _ = start_http_server(port, host, collectors)
        except OSError as error:
            raise ConfigError(
                f"{listen} can't be listened on: {error.strerror}",
                where="--listen",
                fix="choose another port",
            ) from error
        say(f"metrics: http://{host}:{server.server_port}/metrics")
        signal.sigwait(ENDS)
        server.shutdown()


def address(listen: str) -> tuple[str, int]:
    """Host and port of HOST:PORT; raise ConfigError if it is none."""
    host, _, number = listen.rpartition(":")
    if not host or not number.isdigit() or int(number) > 65535:
        raise ConfigError(f"expected HOST:PORT, not {listen!r}", where="--listen", fix="127.0.0.1:9464")
    return host, int(number)
