"""Servers that tests run against: each is started once for all workers of a test run, and ended by the last.

A server is a process of its own, this module with its name. It tells its address in a file, and ends when it
is told to, or when the test run is gone, however that ended.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock

from labelworks.infra.processes.foreign import started
from tests.support.home import home, owner
from tests.support.waiting import wait_for

ROOT = Path(__file__).parents[2]
START_SECONDS, END_SECONDS = 240, 30
SILENT: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
POSTGRES = (*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), Path("/usr/local/bin"))
INITDB = next((place / "initdb" for place in POSTGRES if (place / "initdb").exists()), None)


@contextmanager
def shared(name: str) -> Iterator[str]:
    """Address of one of SERVERS, which other workers of the test run may use at the same time."""
    state = home() / f"{name}.json"
    with FileLock(f"{state}.lock"):
        known = json.loads(state.read_text()) if state.exists() else {**_started(name), "users": 0}
        state.write_text(json.dumps(known | {"users": known["users"] + 1}))
    try:
        yield known["address"]
    finally:
        with FileLock(f"{state}.lock"):
            known = json.loads(state.read_text())
            state.write_text(json.dumps(known | {"users": known["users"] - 1}))
            if known["users"] == 1:
                state.unlink()
                _end(known["pid"])


_children: list[subprocess.Popen[bytes]] = []  # kept: who outlives its worker is no mistake


def _started(name: str) -> dict[str, Any]:
    told, said = home() / f"{name}.address", home() / f"{name}.log"
    told.unlink(missing_ok=True)
    with said.open("wb") as log:
        command = [sys.executable, "-m", "tests.support.servers", name, str(told), str(owner())]
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
    _children.append(process)
    wait_for(lambda: told.exists() or process.poll() is not None, START_SECONDS, about=name)
    assert told.exists(), said.read_text()
    return {"address": told.read_text(), "pid": process.pid}


def _end(pid: int) -> None:
    def gone() -> bool:
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE  # of a worker that is still there
        return True

    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        wait_for(gone, END_SECONDS, about=f"the end of server {pid}")


@contextmanager
def moto() -> Iterator[str]:
    """An S3 server that takes any key, and knows SQS and SNS."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@contextmanager
def strict_moto() -> Iterator[str]:
    """An S3 server that knows no key, and so refuses all."""
    os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "0"
    with moto() as address:
        yield address


@contextmanager
def prefect() -> Iterator[str]:
    """Our own API."""
    from labelworks.infra import settings
    from labelworks.infra.prefect_server.server import prefect_api

    settings.apply()
    with prefect_api() as address:
        yield address


@contextmanager
def dask() -> Iterator[str]:
    """A scheduler with two workers."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=40
    ) as cluster:
        yield cluster.scheduler_address


@contextmanager
def ceph() -> Iterator[str]:
    """A real S3 server, which takes the keys of the environment and no others."""
    from tests.support.ceph import gateway

    key, secret = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
    with gateway(home() / "ceph", key, secret) as address:
        yield address


@contextmanager
def google() -> Iterator[str]:
    """Google's storage, with a bucket `bucket`."""
    words = ("start", "--host=127.0.0.1", "--in-memory", "--default-bucket=bucket")
    command = [sys.executable, "-m", "gcp_storage_emulator", *words]
    with started(lambda port: [*command, f"--port={port}"], **SILENT) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def postgres() -> Iterator[str]:
    """An empty database."""
    assert INITDB is not None
    demoted = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}  # it refuses to be root
    folder = Path(tempfile.gettempdir()) / f"labelworks-postgres-{secrets.token_hex(4)}"
    folder.mkdir(mode=0o700)
    if demoted:
        shutil.chown(folder, "postgres", "postgres")
    words = ["-D", str(folder / "data"), "-U", "prefect", "--auth=trust", "--no-sync"]
    subprocess.run([str(INITDB), *words], check=True, capture_output=True, cwd=folder, **demoted)
    settings = ("listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", "fsync=off")
    options = [word for setting in settings for word in ("-c", setting)]
    command = [str(INITDB.with_name("postgres")), "-D", str(folder / "data"), *options]
    try:
        with started(lambda port: [*command, "-p", str(port)], cwd=folder, **SILENT, **demoted) as port:
            yield f"postgresql+asyncpg://prefect@127.0.0.1:{port}/postgres"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


SERVERS: dict[str, Callable[[], AbstractContextManager[str]]] = {
    each.__name__: each for each in (moto, strict_moto, prefect, dask, ceph, google, postgres)
}


def main(name: str, told: Path, parent: int) -> None:
    """Serve until SIGTERM, or until the test run is gone."""
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    with SERVERS[name]() as address:
        told.with_suffix(".new").write_text(address)
        told.with_suffix(".new").rename(told)
        while not ended.wait(1) and psutil.pid_exists(parent):
            pass


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
