"""Servers of others, which take the number of a port: started on one of their own, known by their process."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import psutil

from labelworks.infra.processes.serving import reserved
from labelworks.schemas.errors import LabelworksError

TRIES = 5
LOOK_SECONDS = 0.1
END_SECONDS = 30.0


@contextmanager
def started(
    command: Callable[[int], Sequence[str]], *, seconds: float = 120.0, hold: bool = True, **more: Any
) -> Iterator[int]:
    """Run `command(port)` while the block lasts; yield the port as soon as that very process listens there.

    A server that ends before it listens lost its port: it is tried on another, a few times. hold: False for
    one that binds without SO_REUSEADDR: its port is kept until just before. more: as of subprocess.Popen.

    Raises LabelworksError if it never listens.
    """
    for _ in range(TRIES):
        with ExitStack() as stack:
            with ExitStack() as holding:
                port = holding.enter_context(reserved())
                if hold:
                    stack.push(holding.pop_all())
            words = command(port)
            process = subprocess.Popen(words, **more)  # noqa: S603 -- the caller's own
            stack.callback(_end, process)
            if _comes_up(process, port, seconds):
                yield port
                return
            if process.poll() is None:
                break
    raise LabelworksError(f"the server does not come up ({process.returncode})", where=" ".join(words)[:200])


def listens(process: int, port: int) -> bool:
    """Whether a process, or one that it started, listens on a port: whoever else does is not it."""
    try:
        parent = psutil.Process(process)
        family = [parent, *parent.children(recursive=True)]
    except psutil.Error:
        return False
    return any(port in _ports(member) for member in family)


def _ports(process: psutil.Process) -> set[int]:
    try:
        connections = process.net_connections("tcp")
    except psutil.Error:  # it ended meanwhile
        return set()
    return {connection.laddr.port for connection in connections if connection.status == psutil.CONN_LISTEN}


def _comes_up(process: subprocess.Popen[Any], port: int, seconds: float) -> bool:
    """Wait until the process listens; False if it ends before, or takes longer."""
    until = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < until:
        if listens(process.pid, port):
            return True
        time.sleep(LOOK_SECONDS)
    return False


def _end(process: subprocess.Popen[Any]) -> None:
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
