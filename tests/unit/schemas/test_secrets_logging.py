"""Lines of several processes are whole; what is logged in a block has no secrets; nothing stays behind."""

from __future__ import annotations

import importlib
import logging
import os
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from labelworks.schemas.errors import StoreError
from labelworks.schemas.secrets import redact as secrets_of
from labelworks.schemas.secrets.logging import Redaction, redacted
from labelworks.schemas.secrets.redact import SECRET_VARIABLES, redact
from labelworks.tasks.storage.store import Store

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
    assert [program.wait() for program in programs] == [0, 0, 0]
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
    with redacted(), redacted():
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
        with redacted():
            entered.set()
            leave.wait(60)

    thread = threading.Thread(target=other)
    thread.start()
    entered.wait(60)
    with redacted():
        leave.set()
        thread.join()
        log(CANARY)
    assert CANARY not in heard.lines[-1]
    assert heard.filters == []


def test_the_causes_of_an_error_that_leaves_a_block_have_no_secret_whoever_logs_it_later(
    heard: Heard,
) -> None:
    with pytest.raises(StoreError, match="can't be read") as caught, redacted():
        try:
            int(CANARY)
        except ValueError as error:
            raise StoreError("can't be read", where="s3://b") from error
    logging.getLogger("somebody.s.own").error("failed", exc_info=caught.value)
    assert CANARY not in heard.lines[-1] + "".join(traceback.format_exception(caught.value))


def test_a_formatter_that_wants_arguments_one_by_one_gets_them_without_secrets(heard: Heard) -> None:
    class Access(logging.Formatter):
        def formatMessage(self, record: logging.LogRecord) -> str:
            method, path, status = record.args
            return f"{method} {path}: {status}"

    heard.setFormatter(Access())
    with redacted():
        logging.getLogger("somebody.s.own").error("%s %s %d", "GET", f"/of/{CANARY}", 200)
    assert heard.lines == ["GET /of/***: 200"]


def test_a_formatter_that_prints_the_exception_itself_finds_none_that_holds_a_secret(heard: Heard) -> None:
    class Structured(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return f"{record.getMessage()} {record.exc_info and record.exc_info[1]} {record.exc_text}"

    heard.setFormatter(Structured())
    with redacted():
        for value in (CANARY, "plain"):
            try:
                int(value)
            except ValueError:
                logging.getLogger("somebody.s.own").exception("failed")
    assert heard.lines[0].startswith("failed None Traceback")
    assert CANARY not in heard.lines[0]
    assert heard.lines[1].startswith("failed invalid literal for int() with base 10: 'plain' Traceback")


def test_a_line_whose_arguments_do_not_fit_stops_nobody(heard: Heard) -> None:
    with redacted():
        logging.getLogger("somebody.s.own").error("%d rows", CANARY)
    assert heard.lines == ["%d rows ('***',)"]


def test_in_a_process_of_ours_handlers_that_are_made_later_hear_no_secret_either() -> None:
    program = """if True:
        import logging, sys
        from labelworks.schemas.secrets.logging import hide_secrets
        hide_secrets()
        logging.basicConfig(stream=sys.stdout, format="%(message)s")
        logging.getLogger("late").error("said: %s", "canary-77aa")
        raise ValueError("canary-77aa")
    """
    environment = {**os.environ, "SOME_TOKEN": CANARY}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout == "said: ***\n"
    assert done.stderr.endswith("ValueError: ***\n\n")
    assert CANARY not in done.stderr


def test_to_import_the_pipeline_leaves_logging_as_it_was() -> None:
    before = logging.getLogRecordFactory(), list(logging.root.filters)
    importlib.import_module("labelworks.flows.curate")
    assert (logging.getLogRecordFactory(), list(logging.root.filters)) == before
    assert logging.getLogRecordFactory() is logging.LogRecord
    handlers = [
        handler for name in logging.root.manager.loggerDict for handler in logging.getLogger(name).handlers
    ]
    assert not any(isinstance(each, Redaction) for one in handlers for each in one.filters)


def test_the_options_that_a_store_is_opened_with_are_hidden_from_then_on() -> None:
    inner = {"aws_secret_access_key": "of-the-client-81b"}
    options = {"endpoint_url": "http://127.0.0.1:9", "secret": "of-this-run-81b", "client_kwargs": inner}
    said = "of-this-run-81b, of-the-client-81b at http://127.0.0.1:9"
    assert redact(said) == said
    assert Store("s3://bucket/store", options).base == "bucket/store"
    assert redact(said) == "***, *** at http://127.0.0.1:9"
    assert Store("s3://bucket/other", {"secret": "of-another-run-81b"}).base
    assert redact("of-another-run-81b, of-this-run-81b") == "***, ***"


def test_the_environment_is_looked_through_once_until_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    class Looked:
        def search(self, name: str) -> Any:
            looked.append(name)
            return SECRET_VARIABLES.search(name)

    monkeypatch.setattr(secrets_of, "SECRET_VARIABLES", Looked())
    monkeypatch.setenv("FIRST_TOKEN", CANARY)
    assert [redact(CANARY) for _ in range(100)] == ["***"] * 100
    assert looked.count("FIRST_TOKEN") == 1
    monkeypatch.setenv("FIRST_TOKEN", "another-value")
    assert redact(f"{CANARY} another-value") == f"{CANARY} ***"
    monkeypatch.delenv("FIRST_TOKEN")
    assert redact("another-value") == "another-value"
    secrets_of.remember({"secret": "remembered-one"})
    assert redact("remembered-one") == "***"
