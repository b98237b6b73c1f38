"""Servers on ports that nobody else can take: bound here first, handed on, and asked who answers there."""

from __future__ import annotations

import http.client
import secrets
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from labelworks.schemas.errors import ConfigError

LOOPBACK = "127.0.0.1"
BACKLOG = 2048  # as uvicorn's own
WHO = "X-Labelworks-Server"  # a header of every answer: the nonce of whoever started the server
ANSWER_SECONDS = 5.0


def nonce() -> str:
    """What a server is to answer with, so that no other is taken for it."""
    return secrets.token_hex(16)


def listener(host: str = LOOPBACK, port: int = 0, *, option: str = "") -> socket.socket:
    """A socket that listens; 0: on any port that is free. ConfigError names the option if it can't.

    Whoever connects before the server is up waits; the port is nobody else's from here on.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host.strip("[]"), port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise ConfigError(
            f"{host}:{port} can't be listened on: {error.strerror}",
            where=option,
            fix="choose another port (0: any that is free), or end what listens there",
        ) from error


def port_of(listening: socket.socket) -> int:
    """The number of the port that a socket has."""
    return int(listening.getsockname()[1])


@contextmanager
def reserved(port: int = 0) -> Iterator[int]:
    """A port of loopback for a server that takes no socket but a number: nobody else's while the block lasts.

    On Linux a socket that is bound and doesn't listen keeps it from all that don't ask for it by number; a
    server that sets SO_REUSEADDR, as nearly all do, gets it. Elsewhere it is only likely to be free still.
    """
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind((LOOPBACK, port))
        number = port_of(held)
        if sys.platform != "linux":
            held.close()
        yield number


def serve(app: Any, descriptor: int, who: str = "", **options: Any) -> None:
    """Serve an app on a socket that the parent handed on, until a signal ends it; its answers say who it is.

    Raises SystemExit if it can't start.
    """
    import uvicorn

    said = [(WHO, who)] if who else []
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", backlog=BACKLOG, headers=said, **options))
    with suppress(KeyboardInterrupt):
        server.run(sockets=[socket.socket(fileno=descriptor)])
    if not server.started:
        sys.exit(3)


def answers(url: str, who: str) -> bool:
    """Whether the server with that nonce answers with 200; anything and anybody else is "not yet"."""
    parts = urlsplit(url)
    asked = http.client.HTTPConnection(parts.hostname or LOOPBACK, parts.port, timeout=ANSWER_SECONDS)
    try:
        asked.request("GET", parts.path or "/", headers={"Connection": "close"})
        answer = asked.getresponse()
        return answer.status == 200 and secrets.compare_digest(
            answer.headers.get(WHO, "").encode(), who.encode()
        )
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        asked.close()
