"""The Prefect API: the one that is configured, or one of our own for as long as a run lasts."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any

from infra.family import Member, end_with
from infra.leases import end_leases
from schemas.errors import LabelworksError

STARTUP_SECONDS = 180
HOST = "127.0.0.1"


@contextmanager
def prefect_api() -> Iterator[str]:
    """Yield the address of a Prefect API: PREFECT_API_URL, or a server started here and ended after."""
    with starting_api() as answers:
        yield answers()


@contextmanager
def starting_api() -> Iterator[Callable[[], str]]:
    """As `prefect_api`, but don't wait: yield a function that does, and gives the address."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    if configured := configured_url():
        yield lambda: configured
        return
    port = free_port()
    url = f"http://{HOST}:{port}/api"
    with _server(url, port) as answers, temporary_settings({PREFECT_API_URL: url}), without_heartbeats():
        try:
            yield answers
        finally:
            _drain()


def without_heartbeats() -> AbstractContextManager[Any]:
    """Flows that begin in this block send none: each waits up to a second for its own when it ends."""
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    return temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None})


def configured_url() -> str:
    """The address that the environment or the Prefect profile names, or an empty one."""
    from prefect.settings import PREFECT_API_URL

    return PREFECT_API_URL.value() or ""


def server_member(port: int, state: Path) -> Member:
    """A server with UI and schedules whose database is kept in a folder, to be started in a family."""
    environment = {
        "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{state}/prefect.db",
        "PREFECT_SERVER_UI_API_URL": f"http://{HOST}:{port}/api",
        "PREFECT_HOME": str(state / "prefect"),
    }
    return Member("Prefect server", "infra.api", [str(port), str(os.getpid())], environment)


def await_server(member: Member, url: str, over: threading.Event) -> None:
    """Wait until a server that was started answers; raise LabelworksError if it ends before or never does."""
    deadline = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < deadline and not over.is_set():
        if member.process is None or member.process.poll() is not None:
            raise LabelworksError(
                "the Prefect server ended at start", fix="see above, and `labelworks doctor`"
            )
        if healthy(url):
            return
        over.wait(0.1)
    if not over.is_set():
        raise LabelworksError(f"the Prefect server did not start within {STARTUP_SECONDS} s")


def healthy(url: str) -> bool:
    """Whether a Prefect API answers."""
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5):  # noqa: S310 - http, built by us
            return True
    except OSError:
        return False


@contextmanager
def _server(url: str, port: int) -> Iterator[Callable[[], str]]:
    """A server of our own on that port, ended when the block is left; yields what waits for it."""

    def answers() -> str:
        _wait(server, url, said)
        return url

    with tempfile.TemporaryFile() as said:
        server = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "infra.api", str(port), str(os.getpid())],
            env={**os.environ, "PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1"},
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,  # Ctrl-C is for this process, which ends the server itself
        )
        try:
            yield answers
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def serve(port: int, parent: int) -> None:
    """Serve the API until the process that started this one is gone, however it ended."""

    end_with(parent)
    end_leases()
    import uvicorn
    from prefect.server.api.server import create_app

    from infra.database import wait_for_writers

    wait_for_writers()
    uvicorn.run(create_app, factory=True, host=HOST, port=port, log_level="error")


def _wait(server: subprocess.Popen[bytes], url: str, said: IO[bytes]) -> None:
    deadline = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            said.seek(0)
            last = said.read().decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
            raise LabelworksError(f"the Prefect API ended at start: {last[0]}", fix="see `labelworks doctor`")
        if healthy(url):
            return
        time.sleep(0.1)
    raise LabelworksError(
        f"the Prefect API did not start within {STARTUP_SECONDS} s", fix="see `labelworks doctor`"
    )


def _drain() -> None:
    """Send what logs and events still wait, before the server goes."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker
    from prefect.utilities.asyncutils import run_coro_as_sync

    async def drain() -> None:
        for waiting in (APILogWorker.drain_all(), EventsWorker.drain_all()):
            if isinstance(waiting, Awaitable):
                await waiting

    run_coro_as_sync(drain())


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
