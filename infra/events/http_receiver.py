"""The receiver: events over HTTP. An event that is answered with 2xx is on disk; forged ones get nowhere."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from labelworks.infra.events.bucket_notifications import Routes, parse_events, parse_notification
from labelworks.infra.events.credentials import Credentials
from labelworks.infra.events.queue import EventQueue, QueueFullError
from labelworks.schemas.errors import InputError
from labelworks.schemas.events import DatasetChanged

MOST_BYTES = 1 << 20
RATE, BURST = 2000.0, 4000.0  # requests a second of one address, and how many at once
FORGED_RATE, FORGED_BURST = 5.0, 50.0
MOST_PEERS = 4096
BODY_SECONDS = 10.0
Parse = Callable[[Any, Routes], list[DatasetChanged]]


@dataclass
class Limit:
    """A bucket of tokens for each address; the longest unseen is forgotten."""

    rate: float
    burst: float
    _peers: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def left(self, peer: str) -> bool:
        """Whether the address has a token left; takes it if so."""
        now = time.monotonic()
        tokens, seen = self._peers.pop(peer, (self.burst, now))
        tokens = min(self.burst, tokens + (now - seen) * self.rate)
        allowed = tokens >= 1.0
        self._peers[peer] = (tokens - 1.0 if allowed else tokens, now)
        if len(self._peers) > MOST_PEERS:
            self._peers.popitem(last=False)
        return allowed


class Writer:
    """Writes what many requests want kept in one transaction, and wakes them when it is on disk."""

    def __init__(self, queue: EventQueue) -> None:
        self._queue = queue
        self._wanted: list[tuple[Sequence[DatasetChanged], asyncio.Future[list[bool]]]] = []
        self._task: asyncio.Task[None] | None = None

    async def put(self, events: Sequence[DatasetChanged]) -> list[bool]:
        """Keep events; returns when they are on disk."""
        done: asyncio.Future[list[bool]] = asyncio.get_running_loop().create_future()
        self._wanted.append((events, done))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write())
        return await done

    async def _write(self) -> None:
        while self._wanted:
            batch, self._wanted = self._wanted, []
            try:
                new = await asyncio.to_thread(
                    self._queue.put, [event for events, _ in batch for event in events]
                )
            except Exception as error:
                for _, done in batch:
                    if not done.done():
                        done.set_exception(error)
                continue
            for events, done in batch:
                own, new = new[: len(events)], new[len(events) :]
                if not done.done():  # its request may have gone away
                    done.set_result(own)


class Refused(Exception):
    """A request that gets no further: its status, and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


def receiver(queue: EventQueue, routes: Routes, known: Credentials) -> FastAPI:
    """The app: POST /api/events, POST /api/notifications (with the token in the path, too), GET /health."""
    app = FastAPI(title="Labelworks events", docs_url=None, redoc_url=None, openapi_url=None)
    writer, limit, forged = Writer(queue), Limit(RATE, BURST), Limit(FORGED_RATE, FORGED_BURST)

    async def take(request: Request, parse: Parse, headers: Mapping[str, str]) -> Response:
        peer = request.client.host if request.client else ""
        try:
            if not limit.left(peer):
                return _answer(Refused(429, "too many requests"))
            body = await _body(request, headers, known, lambda: forged.left(peer))
            new = await writer.put(_events(body, routes, parse, known.replay_id(headers, body)))
        except Refused as error:
            return _answer(error)
        except QueueFullError as error:
            return JSONResponse({"error": error.what}, 503, {"Retry-After": "10"})
        return JSONResponse({"accepted": sum(new), "known": len(new) - sum(new)}, 202)

    @app.post("/api/events")
    async def events(request: Request) -> Response:
        return await take(request, parse_events, request.headers)

    @app.post("/api/notifications")
    async def notifications(request: Request) -> Response:
        return await take(request, parse_notification, request.headers)

    @app.post("/api/notifications/{token}")
    async def notifications_of_ceph(request: Request, token: str) -> Response:
        """For senders that know an address and nothing else."""
        headers = {"content-length": request.headers.get("content-length", "0")}
        return await take(request, parse_notification, {**headers, "authorization": f"Bearer {token}"})

    @app.get("/health")
    async def health() -> bool:
        return True

    return app


def _answer(refused: Refused) -> JSONResponse:
    wait = {"Retry-After": "1"} if refused.status == 429 else {}
    return JSONResponse({"error": refused.why}, refused.status, wait)


def _stranger(few: bool) -> Refused:
    """The answer to who isn't known: after too many of them, that they are too many."""
    return (
        Refused(401, "a token or a signature is wrong or missing")
        if few
        else Refused(429, "too many requests")
    )


async def _body(
    request: Request, headers: Mapping[str, str], known: Credentials, few: Callable[[], bool]
) -> bytes:
    """The body of a request whose sender is known; Refused otherwise, and if it is too long or too slow."""
    if not known.claims(headers):
        raise _stranger(few())
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length) > MOST_BYTES:
        raise Refused(413, f"more than {MOST_BYTES} bytes")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise Refused(413, f"more than {MOST_BYTES} bytes")
    except TimeoutError as error:
        raise Refused(408, "the body came too slowly") from error
    if not known.admit(headers, bytes(body)):
        raise _stranger(few())
    return bytes(body)


def _events(body: bytes, routes: Routes, parse: Parse, unnamed: str) -> list[DatasetChanged]:
    """The events of a body; `unnamed`: the id of one that brings none, if it is not to be a new one."""
    try:
        content = json.loads(body)
        if unnamed and isinstance(content, dict):
            content = {"id": unnamed, **content}
        return parse(content, routes)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise Refused(422, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except InputError as error:
        raise Refused(422, f"{error.where}: {error.what}") from error
    except (ValueError, RecursionError) as error:
        raise Refused(400, "no JSON") from error


def main(state: str, descriptor: str, parent: str) -> None:
    """Receive events on a socket of the process that started this one, until that is gone."""
    from labelworks.infra.events.credentials import credentials
    from labelworks.infra.processes.serving import serve
    from labelworks.infra.processes.state_folder import configs
    from labelworks.infra.processes.supervisor import end_with

    end_with(int(parent))
    folder = Path(state)
    app = receiver(EventQueue(folder / "events.db"), Routes(configs(folder)), credentials())
    serve(
        app,
        int(descriptor),
        access_log=False,
        limit_concurrency=1000,
        timeout_graceful_shutdown=5,
        server_header=False,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
