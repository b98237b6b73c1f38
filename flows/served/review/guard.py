"""Who is let in: this machine's browsers with a token, pages of no other origin, no body beyond a limit."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
HERE = ("127.0.0.1", "localhost", "::1")  # names by which a browser of this machine, or of a tunnel, calls us
MOST_BYTES = 1 << 20
BODY_SECONDS = 10.0
PAGE = "/"
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "frame-ancestors 'none'",  # beside the page's own
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class TurnedAway(Exception):
    """A request that gets no further: its status, and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(status, why)
        self.status, self.why = status, why


class Guard:
    """An ASGI app that only they reach who have a token; by it `scope["state"]["annotator"]` is known.

    tokens: whose each is. The page takes it from its address, what the page asks for from a header: no other
    page can send that, and no cookie is there to be sent along.
    """

    def __init__(self, app: App, tokens: Mapping[str, str]) -> None:
        self._app, self._tokens = app, dict(tokens)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            known = self._known(scope, headers)
            body = await _body(receive)
            await self._app(_as(scope, known), _again(body, receive), _with_headers(send))
        except TurnedAway as refused:
            await _refuse(refused, _with_headers(send))

    def _known(self, scope: Message, headers: Mapping[str, str]) -> str:
        """Who asks; TurnedAway where nobody may."""
        host = headers.get("host", "")
        if urlsplit(f"//{host}").hostname not in HERE:
            raise TurnedAway(421, "this server is called 127.0.0.1 or localhost")
        if headers.get("origin", f"http://{host}") != f"http://{host}":
            raise TurnedAway(403, "pages of other origins may not ask")
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and scope["path"] != PAGE:
            raise TurnedAway(403, "pages of other origins may not ask")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MOST_BYTES:
            raise TurnedAway(413, f"a body has {MOST_BYTES:,} bytes at most")
        return self._annotator(_token(scope, headers))

    def _annotator(self, token: str) -> str:
        said = token.encode("utf-8", "surrogateescape")
        names = [name for known, name in self._tokens.items() if secrets.compare_digest(known.encode(), said)]
        if not names:
            raise TurnedAway(401, "the token is wrong or missing: open the link that was printed")
        return names[0]


def _token(scope: Message, headers: Mapping[str, str]) -> str:
    if scope["path"] == PAGE:
        query: bytes = scope["query_string"]
        return parse_qs(query.decode("latin-1")).get("token", [""])[0]
    return headers.get("authorization", "").removeprefix("Bearer ")


def _as(scope: Message, annotator: str) -> Message:
    return {**scope, "state": {**scope.get("state", {}), "annotator": annotator}}


async def _body(receive: Receive) -> bytes:
    """The body of a request, which may not say how long it is, or lie."""
    body, more = b"", True
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while more:
                message = await receive()
                body += message.get("body", b"")
                more = message.get("more_body", False)
                if len(body) > MOST_BYTES:
                    raise TurnedAway(413, f"a body has {MOST_BYTES:,} bytes at most")
    except TimeoutError as error:
        raise TurnedAway(408, "the body takes too long") from error
    return body


def _again(body: bytes, receive: Receive) -> Receive:
    """What gives a body that was received, and after it whatever else comes."""
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def received() -> Message:
        return next(messages, None) or await receive()

    return received


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                *message["headers"], *((name.encode(), value.encode()) for name, value in HEADERS.items())
            ]  # fmt: skip
        await send(message)

    return sent


async def _refuse(refused: TurnedAway, send: Send) -> None:
    body = json.dumps({"error": refused.why}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()),
               (b"connection", b"close")]  # fmt: skip
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
