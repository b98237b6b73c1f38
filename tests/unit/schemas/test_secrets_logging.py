"""Lines of several processes are whole; what is logged in a block has no secrets; nothing stays behind."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator

import pytest

from labelworks.schemas.errors import StoreError
from labelworks.schemas.secrets import redact
from labelworks.schemas.secrets.logging import discreet
from labelworks.schemas.secrets.redact import redacted

CANARY = "canary-77aa"

PROGRAM = """
from labelworks.schemas.secrets.logging import tell
for number in range(2000):
    tell("one" * 10, f"said {number}")
"""


def test_lines_of_several_processes_are_whole() -> None:
    read, write = os.pipe()
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    programs = [
        subprocess.Popen([sys.executable, "-c", PROGRAM], stderr=write, env=environment) for _ in range(3)
    ]
    os.close(write)
    with open(read) as stream:
        lines = stream.read().splitlines()
    assert [each.wait() for each in programs] == [0, 0, 0]
    assert sorted(lines) == sorted(f"{'one' * 10}: said {number}" for number in range(2000) for _ in range(3))


class Heard(logging.Handler):
    """Keeps what a handler would write."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    """What a logger of somebody's own, with a handler of its own, writes."""
    monkeypatch.setenv("SOME_TOKEN", CANARY)
    logger, handler = logging.getLogger("somebody.s.own"), Heard()
    logger.addHandler(handler)
    logger.propagate = False
    yield handler
    logger.removeHandler(handler)


def log(text: str) -> None:
    logging.getLogger("somebody.s.own").error("said: %s", text)


def test_what_is_logged_in_a_block_has_no_secret_and_logging_is_as_it_was_after_it(heard: Heard) -> None:
    before = logging.getLogRecordFactory(), list(heard.filters), list(logging.root.filters)
    with discreet(), discreet():
        log(CANARY)
        try:
            int(CANARY)
        except ValueError:
            logging.getLogger("somebody.s.own").exception("it failed")
    assert "said: ***" in heard.lines[0]
    assert "ValueError: invalid literal for int() with base 10: '***'" in heard.lines[1]
    assert CANARY not in "".join(heard.lines)
    assert (logging.getLogRecordFactory(), list(heard.filters), list(logging.root.filters)) == before
    log(CANARY)
    assert CANARY in heard.lines[-1]  # whose program it is, it decides


def test_a_block_of_another_thread_that_ends_first_takes_nothing_away(heard: Heard) -> None:
    entered, leave = threading.Event(), threading.Event()

    def other() -> None:
        with discreet():
            entered.set()
            leave.wait(60)

    thread = threading.Thread(target=other)
    thread.start()
    entered.wait(60)
    with discreet():
        leave.set()
        thread.join()
        log(CANARY)
    assert CANARY not in heard.lines[-1]
    assert heard.filters == []


def test_the_causes_of_an_error_that_leaves_a_block_have_no_secret_whoever_logs_it_later(
    heard: Heard,
) -> None:
    with pytest.raises(StoreError, match="can't be read") as caught, discreet():
        try:
            int(CANARY)
        except ValueError as error:
            raise StoreError("can't be read", where="s3://b") from error
    logging.getLogger("somebody.s.own").error("failed", exc_info=caught.value)
    assert CANARY not in heard.lines[-1] + "".join(traceback.format_exception(caught.value))


def test_the_environment_is_looked_through_once_until_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    monkeypatch.setattr(redact, "_remembered", set())
    parts = redact._parts
    monkeypatch.setattr(redact, "_parts", lambda name, value: looked.append(name) or parts(name, value))
    monkeypatch.setenv("FIRST_TOKEN", CANARY)
    assert [redacted(CANARY) for _ in range(100)] == ["***"] * 100
    assert looked.count("FIRST_TOKEN") == 1
    monkeypatch.setenv("FIRST_TOKEN", "another-value")
    assert redacted(f"{CANARY} another-value") == f"{CANARY} ***"
    monkeypatch.delenv("FIRST_TOKEN")
    assert redacted("another-value") == "another-value"
    redact.remember({"secret": "remembered-one"})
    assert redacted("remembered-one") == "***"
