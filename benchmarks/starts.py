"""Starts of the Prefect API beside a process that opens and closes ports all the time: how many fail.

    python benchmarks/starts.py --starts 200           # the API as a run starts it: about 10 CPU s each
    python benchmarks/starts.py --starts 200 --bare    # the same way for a small app: quick

A failure is a start that raises, or a server that answers as somebody else.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHURN = """
import itertools, socket, time
held = []
for number in itertools.count():
    held.append(socket.socket())
    if number % 2:
        held[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held[-1].bind(("127.0.0.1", 0))
    held[-1].listen()
    if len(held) == 256:
        [each.close() for each in held]
        held.clear()
        time.sleep(0.005)
"""
BARE = """
import sys
from fastapi import FastAPI
from labelworks.infra.processes.serving import serve
app = FastAPI()
app.get("/api/health")(lambda: True)
serve(app, int(sys.argv[1]), sys.argv[2])
"""


@contextmanager
def churn() -> Iterator[None]:
    """Ports that come and go; each may be the one that was free a moment ago."""
    process = subprocess.Popen([sys.executable, "-c", CHURN])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def start(bare: bool) -> None:
    """Start a server, wait until it answers, end it."""
    from labelworks.infra.prefect_server import server as api
    from labelworks.infra.processes.serving import answers, listener, nonce

    if not bare:
        with api.server(listener()) as (_, ready):
            ready()
        return
    listening, who = listener(), nonce()
    url = f"{api.address(listening)}/health"
    with listening:
        command = [sys.executable, "-c", BARE, str(listening.fileno()), who]
        process = subprocess.Popen(command, pass_fds=[listening.fileno()])
    deadline = time.monotonic() + api.STARTUP_SECONDS
    try:
        while not answers(url, who):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"no answer ({process.returncode})")
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    """Print the starts, how many failed and why, and how long they took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=200)
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so many")
    given = parser.parse_args()
    began, failed, done = time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory() as home, churn():
        os.environ |= {"PREFECT_HOME": home, "PREFECT_PROFILES_PATH": str(Path(home) / "profiles.toml")}
        os.environ.pop("PREFECT_API_URL", None)
        while done < given.starts and time.monotonic() - began < given.minutes * 60:
            done += 1
            try:
                start(given.bare)
            except Exception as error:
                failed += 1
                print(f"start {done}: {type(error).__name__}: {error}", flush=True)
            if done % 10 == 0:
                took = (time.monotonic() - began) / done
                print(f"{done} starts, {failed} failed, {took:.1f} s each", flush=True)
    print(f"{done} starts, {failed} failed")
    raise SystemExit(failed > 0)


if __name__ == "__main__":
    main()
