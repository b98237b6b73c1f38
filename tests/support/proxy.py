"""A proxy before a server, which has bad days."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import random
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


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
        self.over = threading.Event()

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
            self.server.over.wait({"delay": 0.3, "stall": self.server.STALL}.get(fault, 0))
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
            self.server.over.wait(self.server.STALL)
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


@contextlib.contextmanager
def proxies() -> Iterator[Callable[..., Proxy]]:
    """Yields what starts proxies before servers; they end with the block."""
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
            stack.callback(server.over.set)
            return server

        yield proxy
