"""The embedding service: asked in batches, again when it is busy, and never for a key that a config holds."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import numpy as np
import pyarrow as pa
import pytest

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.schemas.secrets.redact import redact
from labelworks.tasks.methods.encoders.base import Encoder, key_of, make


class Service:
    """Answers as told: a list of statuses, then 200; keeps what it was asked."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.asked: list[list[str]] = []
        self.keys: list[str | None] = []
        self.headers: list[dict[str, str]] = []
        self.answer: dict[str, Any] | None = None
        self.cut = 0  # answers that break off
        self.elsewhere = "http://127.0.0.1:9/elsewhere"
        handler = type("Handler", (Handler,), {"service": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    service: Service

    def do_POST(self) -> None:
        service = self.service
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        service.asked.append(asked["input"])
        service.keys.append(self.headers.get("Authorization"))
        service.headers.append(dict(self.headers))
        status = service.statuses.pop(0) if service.statuses else 200
        if any("too long" in text for text in asked["input"]):
            status = 400
        data = [{"index": n, "embedding": [len(text), n]} for n, text in enumerate(asked["input"])]
        body = json.dumps(service.answer or {"data": data[::-1]}).encode()
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", "0.01")
        if status // 100 == 3:
            self.send_header("Location", service.elsewhere)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        service.cut, cut = max(0, service.cut - 1), service.cut
        self.wfile.write(body[: len(body) // 2] if cut else body)

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.server.shutdown()
    made.server.server_close()


def ready(service: Service, **options: Any) -> Encoder:
    encoder = make("http", "text", {"url": service.url, "model": "m", "requests_per_second": 500, **options})
    encoder.load({})
    service.asked.clear()
    return encoder


def sent_key(options: dict[str, Any]) -> str | None:
    request = httpx2.Request("POST", options["url"], headers={"Authorization": "Bearer of another"})
    make("http", "text", options).service.prepare(request)
    return request.headers.get("Authorization")


def test_asks_in_batches_and_keeps_the_order(service: Service) -> None:
    texts = ["x" * length for length in range(1, 8)]
    found = ready(service, batch_size=3).encode(pa.array([*texts, None]))
    np.testing.assert_array_equal(found.vectors[:7, 0], range(1, 8))
    assert [len(batch) for batch in service.asked] == [3, 3, 1]
    assert found.reasons == [None] * 7 + ["null text"]


def test_a_busy_service_is_asked_again(service: Service) -> None:
    encoder = ready(service)
    service.statuses = [429, 503]
    assert encoder.encode(pa.array(["ab"])).vectors[0, 0] == 2
    assert len(service.asked) == 3


def test_a_service_that_stays_away_is_an_error_that_names_it(service: Service) -> None:
    encoder = ready(service, retries=1)
    service.statuses = [429] * 5
    with pytest.raises(InputError, match="429") as caught:
        encoder.encode(pa.array(["ab"]))
    assert caught.value.where == f"{service.url}/embeddings"
    assert len(service.asked) == 2


@pytest.mark.parametrize("status", [401, 404, 302])
def test_a_refusal_or_a_redirect_is_not_tried_again(service: Service, status: int) -> None:
    service.statuses = [status]
    with pytest.raises(ConfigError, match=str(status)) as caught:
        make("http", "text", {"url": service.url, "model": "m"}).load({})
    assert "LABELWORKS_KEY_OPENAI" in caught.value.fix
    assert len(service.asked) == 1


def test_a_text_that_the_service_can_t_take_is_a_reason_and_the_rest_is_embedded(service: Service) -> None:
    found = ready(service).encode(pa.array(["a", "bb", "too long", "dddd"]))
    assert found.reasons[:2] + found.reasons[3:] == [None] * 3
    assert "400" in str(found.reasons[2])
    np.testing.assert_array_equal(found.vectors[:, 0], [1, 2, 0, 4])


def test_an_answer_that_breaks_off_is_asked_for_again(service: Service) -> None:
    encoder = ready(service)
    service.cut = 1
    assert encoder.encode(pa.array(["abc"])).vectors[0, 0] == 3
    assert len(service.asked) == 2


def test_a_service_that_refuses_all_is_said_before_any_row(service: Service) -> None:
    service.statuses = [422] * 5
    with pytest.raises(ConfigError, match="refuses a text of one letter: 422") as caught:
        make("http", "text", {"url": service.url, "model": "m"}).load({})
    assert caught.value.where == "encoder.options.model"


@pytest.mark.parametrize(("rate", "workers"), [(100, 10), (20, 2)])
def test_workers_share_the_rate(service: Service, rate: float, workers: int) -> None:
    encoder = make("http", "text", {"url": service.url, "model": "m", "requests_per_second": rate})
    encoder.workers = workers
    began = time.monotonic()
    encoder.load({})
    encoder.encode(pa.array(["a"]))
    assert encoder.earliest >= began + 2 * workers / rate
    assert time.monotonic() >= began + workers / rate


def test_what_is_asked_again_keeps_to_the_rate(service: Service) -> None:
    encoder = ready(service, batch_size=1, requests_per_second=50)
    service.statuses, began = [429, 429], time.monotonic()
    encoder.encode(pa.array(["a"] * 4))
    assert encoder.earliest >= began + 6 / 50


def test_the_key_comes_from_the_environment_and_is_in_no_identity(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELWORKS_KEY_SERVICE", "open-sesame")
    encoder = ready(service, key_env="LABELWORKS_KEY_SERVICE")
    encoder.encode(pa.array(["a"]))
    assert service.keys[-1] == "Bearer open-sesame"
    assert redact("open-sesame") == "***"
    assert "sesame" not in json.dumps(encoder.identity())
    other = make("http", "text", {"url": service.url, "model": "m", "retries": 1})
    assert key_of("http", encoder, "c") == key_of("http", other, "c")
    with pytest.raises(ConfigError, match="unknown option 'key'"):
        make("http", "text", {"url": service.url, "model": "m", "key": "sesame"})


@pytest.mark.parametrize("answer", [{"data": []}, {"error": "no"}, {"data": [{"index": 0}]}])
def test_an_answer_that_is_none_is_said(service: Service, answer: dict[str, Any]) -> None:
    encoder = ready(service)
    service.answer = answer
    with pytest.raises(InputError, match=r"embeddings|vectors"):
        encoder.encode(pa.array(["a"]))


@pytest.mark.parametrize("options", [{}, {"url": "ftp://x", "model": "m"}, {"url": "http://x"}])
def test_options_are_looked_at(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        make("http", "text", options)


@pytest.mark.parametrize(
    "name",
    ["AWS_SECRET_ACCESS_KEY", "HOME", "LABELWORKS_KEY_", "XLABELWORKS_KEY_A", "LABELWORKS_EVENTS_TOKEN", ""],
)
def test_no_other_variable_is_sent_to_a_service(
    service: Service, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    if name:
        monkeypatch.setenv(name, "not-for-services")
    with pytest.raises(ConfigError, match="no variable that may be sent") as caught:
        ready(service, key_env=name)
    assert caught.value.where == "encoder.options.key_env"
    assert service.keys == []


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://host.example/v1", True),
        ("http://127.0.0.1:8000/v1", True),
        ("http://localhost/v1", True),
        ("http://[::1]:8000/v1", True),
        ("http://host.example/v1", False),
        ("http://127.0.0.1.host.example/v1", False),
        ("http://localhost.host.example/v1", False),
        ("http://0.0.0.0/v1", False),
        ("http://127.0.0.1@host.example/v1", None),
        ("http://127.0.0.1\\@host.example/v1", None),
        ("http://host.example/v1\n", None),
        ("HTTP://host.example/v1", None),
        ("file:///etc/passwd", None),
    ],
)
def test_a_key_crosses_no_network_unencrypted(
    url: str, sent: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"url": url, "model": "m"}
    if sent is not None:
        assert sent_key(options) is None
    monkeypatch.setenv("LABELWORKS_KEY_OPENAI", "open-sesame")
    if sent:
        assert sent_key(options) == "Bearer open-sesame"
        return
    with pytest.raises(ConfigError, match="no address of a service" if sent is None else "sent unencrypted"):
        make("http", "text", options)


def test_what_the_environment_says_of_openai_goes_to_no_service(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("API_KEY", "ADMIN_KEY", "ORG_ID", "PROJECT_ID", "WEBHOOK_SECRET"):
        monkeypatch.setenv(f"OPENAI_{name}", "of-another")
    monkeypatch.setenv("OPENAI_BASE_URL", service.elsewhere)
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Token: of-another\nAuthorization: of-another")
    make("http", "text", {"url": service.url, "model": "m"}).load({})
    assert service.keys == [None]
    assert not any("of-another" in each for each in service.headers[0].values())


def test_without_its_client_it_says_what_to_install(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(ConfigError) as caught:
        make("http", "text", {"url": service.url, "model": "m"}).load({})
    assert caught.value.fix == "pip install 'labelworks[openai]'"


def test_neither_the_key_nor_a_text_is_logged(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("LABELWORKS_KEY_OPENAI", "open-sesame")
    caplog.set_level("DEBUG")
    service.statuses = [503]
    make("http", "text", {"url": service.url, "model": "m"}).load({})
    assert len(service.asked) == 2
    assert not caplog.records


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_with_the_key(
    service: Service, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELWORKS_KEY_OPENAI", "open-sesame")
    other = Service()
    service.elsewhere, service.statuses = other.url, [status]
    with pytest.raises(ConfigError, match=str(status)):
        make("http", "text", {"url": service.url, "model": "m"}).load({})
    assert (service.keys, other.keys) == (["Bearer open-sesame"], [])
    other.server.shutdown()
    other.server.server_close()
