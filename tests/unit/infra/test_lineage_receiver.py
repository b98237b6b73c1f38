"""The sender of lineage events: when it is asked for, what it hides, and what a dead receiver costs."""

from __future__ import annotations

import logging
import os
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from openlineage.client.event_v2 import Job, Run, RunEvent, RunState

from labelworks.flows.lineage.datasets import place_of
from labelworks.infra.observability.lineage import Receiver, asked, cleaned, receiver
from labelworks.schemas.errors import ConfigError

RUN = "019b0000-0000-7000-8000-000000000000"


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings but the test's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))


def event(name: str = "job") -> RunEvent:
    return RunEvent(
        eventTime="2026-11-28T00:00:00Z", eventType=RunState.START, run=Run(RUN), job=Job("spaces", name)
    )


def test_nothing_is_asked_without_settings_of_openlineage(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked() == ""
    assert receiver() is None
    Path("openlineage.yml").write_text("transport: {type: console}")
    assert asked() == "openlineage.yml"
    monkeypatch.setenv("OPENLINEAGE_URL", "http://localhost:1")
    assert asked() == "OPENLINEAGE_URL"
    monkeypatch.setenv("OPENLINEAGE_DISABLED", "True")
    assert asked() == ""


def test_the_environment_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENLINEAGE_URL", "http://localhost:1")
    monkeypatch.setenv("OPENLINEAGE_API_KEY", "key-of-somebody")
    before = dict(os.environ)
    assert receiver() is not None
    assert dict(os.environ) == before


def test_settings_that_cannot_be_used_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__TYPE", "pigeon")
    with pytest.raises(ConfigError, match="no lineage events can be sent"):
        receiver()


def test_secrets_are_hidden_at_any_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__AUTH", '{"type": "api_key", "apiKey": "s3cr3t-key"}')
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__AUTH__APIKEY", "an0ther-key")
    made = cleaned(event("the s3cr3t-key and an0ther-key of http://me:mine@host, an api_key"))
    assert made.job.name == "the *** and *** of http://***@host, an api_key"
    assert cleaned({"a": ["s3cr3t-key", 3]}) == {"a": ["***", 3]}


class Broken:
    """Fails at each event."""

    def __init__(self) -> None:
        self.tried = 0

    def emit(self, _: Any) -> None:
        self.tried += 1
        logging.getLogger("openlineage.client").warning("failed")
        raise RuntimeError("no route") from ConnectionError("refused by http://me:mine@host")


def test_after_the_first_failure_nothing_more_is_tried(caplog: pytest.LogCaptureFixture) -> None:
    client = Broken()
    sender = Receiver(client)
    for _ in range(3):
        sender.send(event())
    assert sender.close() == "RuntimeError: refused by http://***@host"
    assert client.tried == 1
    assert caplog.records == []
    assert Receiver(client).close() == ""


def test_a_receiver_that_never_answers_is_left_behind() -> None:
    held = threading.Event()

    class Silent:
        def emit(self, _: Any) -> None:
            held.wait()

        def close(self, _: float) -> None:
            pass

    sender = Receiver(Silent())
    sender.send(event())
    assert sender.close(0.01) == "the receiver is slower than 0.01 s"
    held.set()
    assert sender.close() == ""


def test_a_port_without_a_server_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    setting = f'{{"type": "http", "url": "{url}", "retry": {{"total": 0}}}}'
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT", setting)
    sender = receiver()
    assert sender is not None
    sender.send(event())
    assert "Connection" in sender.close()


@pytest.mark.parametrize(
    ("uri", "namespace", "name"),
    [
        ("s3://bucket/a/b/", "s3://bucket", "a/b"),
        ("s3a://bucket", "s3://bucket", "/"),
        ("gcs://bucket/a", "gs://bucket", "a"),
        ("az://box/a/b", "az://box", "a/b"),
        ("https://host:8/a", "https://host:8", "a"),
        ("file:///a/b", "file", "/a/b"),
        ("/a/b", "file", "/a/b"),
    ],
)
def test_places_are_named_by_the_rules_of_openlineage(uri: str, namespace: str, name: str) -> None:
    assert place_of(uri)[:2] == (namespace, name)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENLINEAGE_URL", "http://localhost:1")
    monkeypatch.setitem(sys.modules, "openlineage.client", None)
    with pytest.raises(ConfigError, match=r"labelworks\[lineage\]"):
        receiver()
