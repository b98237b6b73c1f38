"""A store that holds a version already and a check that it is left alone; a proxy that has bad days."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

NOBODY = "tcp://127.0.0.1:9"  # a scheduler that isn't there: whatever is refused first never asks for it
CONFIG = """
dataset: {name: made, source: SOURCE, id: id, label: label, features: {vector: vector}}
store: {root: STORE}
validate: {bootstrap: 50}
"""


@pytest.fixture(scope="session")
def earlier(
    made: Any, prefect_api: str, dask_cluster: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """A good source, and the store that holds its version 1."""
    from labelworks.flows.execute import execute
    from labelworks.schemas.config.run import RunConfig

    folder = tmp_path_factory.mktemp("earlier")
    (folder / "good").mkdir()
    pq.write_table(made(rows=120).table, folder / "good/rows.parquet")
    raw = yaml.safe_load(CONFIG.replace("SOURCE", f"{folder}/good").replace("STORE", f"{folder}/store"))
    execute(RunConfig.model_validate({**raw, "compute": {"scheduler": dask_cluster}}))
    return folder / "good", folder / "store"


@pytest.fixture
def refuse(
    command: Any, snapshot: Any, earlier: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., str]:
    """Runs the command on the source and returns its message, having seen that all was left alone."""

    def refuse(source: Path | str, *settings: str, scheduler: str = NOBODY, more: str = "") -> str:
        store = earlier[1]
        before = snapshot(store)
        monkeypatch.chdir(tmp_path)
        text = CONFIG.replace("SOURCE", str(source)).replace("STORE", str(store))
        (tmp_path / "config.yaml").write_text(text + more)
        options = [word for each in (f"compute.scheduler={scheduler}", *settings) for word in ("--set", each)]
        code, out, err = command("run", "config.yaml", "--json", *options)
        after = snapshot(store)
        assert (code, out) == (2, "")
        assert {name: after.get(name) for name in before} == before
        assert [name for name in after if name not in before and "manifest" in name] == []
        assert [name for name in after if "/versions/" in name] == ["made/versions/1.json"]
        assert err.count("labelworks: ") == 1
        assert "Traceback" not in err
        assert "ERROR" not in err
        return str(err[err.index("labelworks: ") :])

    return refuse


class Proxy(ThreadingHTTPServer):
    """Passes HTTP on to a server, and at random, from a seed, answers as a bad day would.

    faults: which of FAULTS occur, in turn, at this rate; only where a request's path has `only` in it.
    strip: a header that never arrives, as at servers that know no conditional put. Beside FAULTS there are
    `stall` and `hang`, for STALL seconds: before the answer, and in the middle of its body. A create that
    Google would refuse is refused.
    """

    FAULTS = ("503", "429", "cut", "lost", "delay", "truncated", "short")
    STALL = 3.0
    daemon_threads = True

    def __init__(
        self, upstream: str, *, rate: float, faults: tuple[str, ...], seed: int, only: str, strip: str
    ) -> None:
        super().__init__(("127.0.0.1", 0), Passing)
        self.upstream = upstream.removeprefix("http://")
        self.rate, self.faults, self.only, self.strip = rate, itertools.cycle(faults), only, strip
        self.random, self.lock = random.Random(seed), threading.Lock()
        self.seen: list[tuple[str, str, str]] = []
        self.uploaded: set[bytes] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def fault(self, method: str, path: str) -> str:
        """What goes wrong with this request, or nothing."""
        with self.lock:
            unlucky = self.only in path and self.random.random() < self.rate
            found = next(self.faults) if unlucky else ""
            self.seen.append((method, path, found))
        return found

    def taken(self, path: str, body: bytes) -> bool:
        """Whether this is an upload on Google's condition that the object isn't there, and it is."""
        if "uploadType=multipart" not in path:
            return False
        name = body.partition(b'"name": "')[2].partition(b'"')[0]
        with self.lock:
            known = name in self.uploaded
            self.uploaded.add(name)
        return known and "ifGenerationMatch=0" in path

    def count(self, method: str, word: str = "") -> int:
        """How many requests of a method had a word in their path."""
        return sum(seen == method and word in path for seen, path, _ in self.seen)


class Passing(BaseHTTPRequestHandler):
    """One connection to the proxy."""

    protocol_version = "HTTP/1.1"
    server: Proxy

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.fault(self.command, self.path)
        if fault in ("503", "429"):
            self._say(int(fault), [], b"<Error><Code>SlowDown</Code><Message>slow down</Message></Error>")
        elif fault == "cut":
            self.close_connection = True
        elif self.server.taken(self.path, body):
            self._say(412, [], b"{}")
        else:
            time.sleep({"delay": 0.3, "stall": self.server.STALL}.get(fault, 0))
            self._answer(*self._ask(body), fault)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass

    def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        upstream = http.client.HTTPConnection(self.server.upstream, timeout=60)
        upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in ("expect", "connection", self.server.strip):
                upstream.putheader(name, value)
        upstream.endheaders(body)
        answer = upstream.getresponse()
        data = answer.read()
        upstream.close()
        kept = [
            (name, value)
            for name, value in answer.getheaders()
            if name.lower() not in ("connection", "transfer-encoding", "date", "server")
        ]
        return answer.status, kept, data

    def _answer(self, status: int, headers: list[tuple[str, str]], data: bytes, fault: str) -> None:
        if fault == "lost":
            self.close_connection = True
        elif fault == "truncated" and len(data) > 1:
            self._say(status, headers, data, sent=len(data) // 2)
            self.close_connection = True
        elif fault == "hang":
            self._say(status, headers, data, sent=len(data) // 2)
            time.sleep(self.server.STALL)
            self.close_connection = True
        elif fault == "short" and status == 206:  # a body that is short, and says so
            self._say(status, headers, data[: len(data) // 2])
        else:
            self._say(status, headers, data)

    def _say(self, status: int, headers: list[tuple[str, str]], data: bytes, sent: int | None = None) -> None:
        self.send_response(status)
        for name, value in headers:
            if self.command == "HEAD" or name.lower() != "content-length":
                self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data[:sent])

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # whoever asked has given up
            super().handle()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def proxy() -> Iterator[Callable[..., Proxy]]:
    """Starts proxies before servers; they end with the test."""
    with contextlib.ExitStack() as stack:

        def proxy(
            upstream: str, *, rate: float = 0.0, faults: tuple[str, ...] = Proxy.FAULTS, seed: int = 0,
            only: str = "", strip: str = "",
        ) -> Proxy:  # fmt: skip
            server = Proxy(upstream, rate=rate, faults=faults, seed=seed, only=only, strip=strip)
            thread = threading.Thread(target=server.serve_forever, args=(0.05,))
            thread.start()
            stack.callback(server.server_close)
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return server

        yield proxy


@pytest.fixture(scope="session")
def ceph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a real S3 server that takes the keys of the environment and no others."""
    from tests.support.ceph import PACKAGES, gateway, missing

    if missing():
        pytest.skip(f"Ceph is not installed (apt-get install {PACKAGES}): no {', '.join(missing())}")
    key, secret = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
    with gateway(tmp_path_factory.mktemp("ceph"), key, secret) as url:
        yield url


@pytest.fixture
def ceph_bucket(ceph: str, request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """URL of a new bucket there, and the storage options that reach it."""
    import fsspec

    options = {"endpoint_url": ceph, "use_listings_cache": False}
    name = f"b{abs(hash(request.node.nodeid)):x}"
    fsspec.filesystem("s3", **options).mkdir(name)
    return f"s3://{name}", options
