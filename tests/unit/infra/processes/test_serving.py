"""Who serves has its port before it starts, and is known by what only it can say."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from labelworks.flows.cli.commands.serve import event_listener
from labelworks.infra.processes import serving
from labelworks.infra.processes.foreign import listens, started
from labelworks.infra.processes.serving import LOOPBACK, WHO, answers, listener, nonce, port_of, reserved
from labelworks.infra.processes.supervisor import Process
from labelworks.schemas.errors import ConfigError, LabelworksError
from tests.support.waiting import wait_for

ROOT = Path(__file__).parents[4]
APP = """
import sys
from fastapi import FastAPI
from labelworks.infra.processes.serving import serve
app = FastAPI()
app.get("/health")(lambda: True)
serve(app, int(sys.argv[1]), sys.argv[2])
"""
CHURN = """
import itertools, socket
held = []
print("open", flush=True)
for number in itertools.count():
    held.append(socket.socket())
    if number % 2:
        held[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held[-1].bind(("127.0.0.1", 0))
    held[-1].listen()
    if len(held) == 64:
        [each.close() for each in held]
        held.clear()
"""
FOREIGN = "from http.server import *; HTTPServer(('127.0.0.1', {}), SimpleHTTPRequestHandler).serve_forever()"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n"


@pytest.fixture
def churn() -> Iterator[None]:
    """A process that opens and closes ports all the time."""
    process = subprocess.Popen([sys.executable, "-c", CHURN], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    yield
    process.kill()
    process.communicate()


@contextmanager
def stranger(answer: bytes | None) -> Iterator[str]:
    """Somebody who says these bytes to whoever connects and hangs up; None: who says nothing."""
    with listener() as listening:

        def speak() -> None:
            with listening.accept()[0] as found:
                found.recv(1 << 16)
                if answer is None:
                    found.recv(1 << 16)
                else:
                    found.sendall(answer)

        thread = threading.Thread(target=speak)
        thread.start()
        yield f"http://{LOOPBACK}:{port_of(listening)}/health"
        thread.join()


@contextmanager
def served(listening: socket.socket, who: str) -> Iterator[str]:
    """An app on a socket that is handed on."""
    url = f"http://{LOOPBACK}:{port_of(listening)}/health"
    with listening:
        command = [sys.executable, "-c", APP, str(listening.fileno()), who]
        process = subprocess.Popen(command, pass_fds=[listening.fileno()], cwd=ROOT)
    try:
        yield url
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.parametrize(
    "answer",
    [
        b":\x00\x00\x00\xabcompression\xc0\xa6python\n",  # a handshake of Dask
        b"",
        b"HTTP/1.1 200 OK\r\n",
        OK + b"\r\ntrue",
        OK + WHO.encode() + b": somebody-else\r\n\r\ntrue",
        OK + WHO.encode() + b": \xff\xfe\r\n\r\ntrue",
        b"HTTP/1.1 500 No\r\n" + WHO.encode() + b": me\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 999999 ?\r\n\r\n",
        b"HTTP/1.1 200 " + b"x" * 70_000,
        None,
    ],
)
def test_whoever_else_answers_is_not_yet_the_server(
    answer: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "ANSWER_SECONDS", 0.2)
    with stranger(answer) as url:
        assert not answers(url, "me")


def test_the_server_with_the_nonce_is_the_one() -> None:
    with stranger(OK + WHO.encode() + b": me\r\n\r\ntrue") as url:
        assert answers(url, "me")


def test_nobody_is_not_yet_the_server() -> None:
    with reserved() as port:
        assert not answers(f"http://{LOOPBACK}:{port}/health", "me")


def test_servers_start_on_the_sockets_they_are_given_beside_a_process_that_takes_ports(churn: None) -> None:
    for _ in range(3):
        who, other = nonce(), nonce()
        with served(listener(), who) as url:
            wait_for(partial(answers, url, who), 60)
            assert not answers(url, other)


def test_a_port_that_is_reserved_is_given_to_nobody_and_the_server_gets_it(churn: None) -> None:
    with reserved() as port:
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind((LOOPBACK, port))
        for _ in range(5000):
            with socket.create_server((LOOPBACK, 0)) as other:
                assert port_of(other) != port
        with socket.create_server((LOOPBACK, port)) as server:
            assert port_of(server) == port


def test_a_port_in_use_is_said_with_the_option() -> None:
    with listener() as first, pytest.raises(ConfigError, match="Address already in use") as caught:
        listener(port=port_of(first), option="--port")
    assert caught.value.where == "--port"
    assert "0: any that is free" in caught.value.fix


def test_a_foreign_server_that_loses_its_port_is_tried_on_another() -> None:
    asked: list[int] = []

    def command(port: int) -> list[str]:
        asked.append(port)
        return [sys.executable, "-c", FOREIGN.format(port) if len(asked) > 2 else "raise SystemExit(1)"]

    with started(command, stderr=subprocess.DEVNULL) as port:
        assert asked[-1] == port
        assert len(asked) == 3
        assert listens(os.getpid(), port)  # its child does


def test_a_foreign_server_that_does_not_listen_itself_is_not_taken_for_one_that_does() -> None:
    held: list[socket.socket] = []

    def command(port: int) -> list[str]:
        held.append(socket.create_server((LOOPBACK, port)))
        return [sys.executable, "-c", "import signal; signal.pause()"]

    with pytest.raises(LabelworksError, match="does not come up"), started(command, seconds=0.3):
        pass
    for each in held:
        each.close()


def test_whoever_connects_between_two_starts_of_a_member_waits(tmp_path: Path) -> None:
    (tmp_path / "served_child.py").write_text(APP)
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    with listener() as listening:
        url, who = f"http://{LOOPBACK}:{port_of(listening)}/health", nonce()
        arguments = [str(listening.fileno()), who]
        member = Process("app", "served_child", arguments, {"PYTHONPATH": path}, listening=listening)
        member.start()
        wait_for(partial(answers, url, who), 60)
        member.stop()
        with socket.create_connection((LOOPBACK, port_of(listening)), timeout=60) as waiting:
            waiting.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            member.start()
            assert waiting.recv(1 << 16).startswith(b"HTTP/1.1 200 OK")
        member.stop()


def test_serve_says_which_of_its_ports_is_in_use(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELWORKS_EVENTS_TOKEN", "token-of-this-test")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.yaml").write_text("dataset: {source: d, label: l, features: {vector: v}}\n")
    with listener() as busy:
        port = port_of(busy)
        for options, where in (
            (["--port", str(port)], "--port"),
            (["--port", "0", "--listen", f"{LOOPBACK}:{port}"], "--listen"),
        ):
            code, out, err = command("serve", "c.yaml", "--state", str(tmp_path / "state"), *options)
            assert (code, out) == (2, "")
            assert f"{where}: {LOOPBACK}:{port} can't be listened on: Address already in use" in err


@pytest.mark.parametrize("listen", ["4201", "host:", "host:x", f"{LOOPBACK}:65536", f"{LOOPBACK}:²"])
def test_where_events_are_received_is_a_host_and_a_port(listen: str) -> None:
    with pytest.raises(ConfigError, match="expected HOST:PORT"):
        event_listener(listen)


def test_without_anybody_who_may_post_nothing_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LABELWORKS_EVENTS_TOKEN", raising=False)
    monkeypatch.delenv("LABELWORKS_EVENTS_SECRET", raising=False)
    assert event_listener(f"{LOOPBACK}:0") is None
