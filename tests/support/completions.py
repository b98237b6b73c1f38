"""A service on loopback that speaks OpenAI's `/v1/chat/completions`, and answers as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Asked:
    """A question as it came: the model, the text or the URL of the image, the answers that may be given."""

    model: str
    shown: str
    answers: tuple[str, ...]
    body: dict[str, Any]
    key: str | None


class Completions:
    """Answers what `says` says, after the faults that are put in its way; keeps what it is asked.

    statuses: of the next answers. raw: whole texts of the next replies. schemas: whether it knows
    response_format. usage: whether it tells tokens. gate: answers wait for it, from the question numbered
    stops_at on. cut: answers that break off.
    """

    def __init__(self, says: Callable[[Asked], str]) -> None:
        self.says = says
        self.asked: list[Asked] = []
        self.statuses: list[int] = []
        self.raw: list[str] = []
        self.schemas = self.usage = True
        self.tokens = (100, 10)
        self.cut = 0
        self.stops_at: int | None = None
        self.refuses: Callable[[Asked], bool] = lambda _: False
        self.gate = threading.Event()
        self.gate.set()
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"service": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self) -> Completions:
        return self

    def __exit__(self, *_: Any) -> None:
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()

    def next(self, what: list[Any], usual: Any) -> Any:
        """The first of what is put in its way."""
        with self.lock:
            return what.pop(0) if what else usual


class _Handler(BaseHTTPRequestHandler):
    service: Completions
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        service = self.service
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        asked = _asked(body, self.headers.get("Authorization"))
        with service.lock:
            service.asked.append(asked)
            service.at_once += 1
            service.most_at_once = max(service.most_at_once, service.at_once)
            if len(service.asked) == service.stops_at:
                service.gate.clear()
        service.gate.wait()
        status = service.next(service.statuses, 200)
        if status == 200 and (service.refuses(asked) or ("response_format" in body and not service.schemas)):
            status = 400
        text = service.next(service.raw, None) if status == 200 else None
        said = json.dumps({"answer": service.says(asked)}) if text is None and status == 200 else text
        with service.lock:
            service.at_once -= 1
        self._send(status, said or "")

    def _send(self, status: int, text: str) -> None:
        usage = dict(zip(("prompt_tokens", "completion_tokens"), self.service.tokens, strict=True))
        message = {"role": "assistant", "content": text}
        reply: dict[str, Any] = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
        if self.service.usage:
            reply["usage"] = usage
        data = json.dumps(reply if status == 200 else {"error": {"message": "no"}}).encode()
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", "0.01")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        with self.service.lock:
            cut = self.service.cut > 0
            self.service.cut -= cut
        self.wfile.write(data[: len(data) // 2] if cut else data)
        self.close_connection = self.close_connection or cut

    def log_message(self, *_: Any) -> None: ...


def _asked(body: dict[str, Any], key: str | None) -> Asked:
    system, user = (message["content"] for message in body["messages"])
    shown = user if isinstance(user, str) else user[0]["image_url"]["url"]
    listed = tuple(line[2:] for line in system.split("\n") if line.startswith("- "))
    if schema := body.get("response_format"):
        listed = tuple(schema["json_schema"]["schema"]["properties"]["answer"]["enum"])
    return Asked(body["model"], shown, listed, body, key)
