"""The Prefect API: the one that is configured, or one of our own for as long as a run lasts."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any

from labelworks.infra.prefect_server.concurrency_leases import end_leases
from labelworks.infra.process import imports
from labelworks.infra.processes.serving import LOOPBACK, answers, listener, nonce, port_of, serve
from labelworks.infra.processes.supervisor import Process, end_with
from labelworks.schemas.errors import LabelworksError

STARTUP_SECONDS = 180


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
        reach(configured)
        yield lambda: configured
        return
    with (
        server(listener()) as (url, ready),
        temporary_settings({PREFECT_API_URL: url}),
        without_heartbeats(),
    ):
        try:
            yield ready
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


def reach(url: str) -> None:
    """Raise LabelworksError unless the configured API answers."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        problem = client.api_healthcheck()
    if problem is not None:
        raise LabelworksError(
            f"the Prefect API doesn't answer ({type(problem).__name__})",
            where=f"PREFECT_API_URL {url}",
            fix="start it (prefect server start), or unset PREFECT_API_URL: a run brings its own",
        )


def address(listening: socket.socket) -> str:
    """The address of the API that is, or is to be, served on a socket of loopback."""
    return f"http://{LOOPBACK}:{port_of(listening)}/api"


def server_member(listening: socket.socket, state: Path) -> Process:
    """A server with UI and schedules whose database is kept in a folder, to be started in a family."""
    environment = {
        "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{state}/prefect.db",
        "PREFECT_SERVER_UI_API_URL": address(listening),
        "PREFECT_HOME": str(state / "prefect"),
    }
    arguments = [str(listening.fileno()), str(os.getpid()), nonce()]
    return Process(
        "Prefect server",
        "labelworks.infra.prefect_server.server",
        arguments,
        environment,
        listening=listening,
    )


def await_server(member: Process, url: str, over: threading.Event) -> None:
    """Wait until a server that was started answers; raise LabelworksError if it ends before or never does."""
    deadline = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < deadline and not over.is_set():
        if member.process is None or member.process.poll() is not None:
            raise LabelworksError(
                "the Prefect server ended at start", fix="see above, and `labelworks doctor`"
            )
        if healthy(url, member.arguments[-1]):
            return
        over.wait(0.1)
    if not over.is_set():
        raise LabelworksError(f"the Prefect server did not start within {STARTUP_SECONDS} s")


def healthy(url: str, who: str) -> bool:
    """Whether the Prefect API with that nonce answers."""
    return answers(f"{url}/health", who)


@contextmanager
def server(listening: socket.socket) -> Iterator[tuple[str, Callable[[], str]]]:
    """A server of our own on that socket while the block lasts; yields its address and what waits for it.

    The socket goes to the server, and is closed here: if the server ends, nobody waits for it.
    """
    url, who, descriptor = address(listening), nonce(), listening.fileno()

    def ready() -> str:
        _wait(process, url, who, said)
        return url

    with tempfile.TemporaryFile() as said:
        with listening:
            process = subprocess.Popen(  # noqa: S603 - our own module
                [
                    sys.executable,
                    "-m",
                    "labelworks.infra.prefect_server.server",
                    str(descriptor),
                    str(os.getpid()),
                    who,
                ],
                env={**os.environ, "PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1"},
                stdout=subprocess.DEVNULL,
                stderr=said,
                pass_fds=[descriptor],
                start_new_session=True,  # Ctrl-C is for this process, which ends the server itself
            )
        try:
            yield url, ready
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def main(descriptor: int, parent: int, who: str) -> None:
    """Serve the API until the process that started this one is gone, however it ended."""
    end_with(parent)
    end_leases()
    with imports():
        from prefect.server.api.server import create_app

        from labelworks.infra.prefect_server.sqlite_writer import wait_for_writers

    wait_for_writers()
    serve(create_app, descriptor, who, factory=True)


def _wait(server: subprocess.Popen[bytes], url: str, who: str, said: IO[bytes]) -> None:
    deadline = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            said.seek(0)
            last = said.read().decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
            raise LabelworksError(f"the Prefect API ended at start: {last[0]}", fix="see `labelworks doctor`")
        if healthy(url, who):
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
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
