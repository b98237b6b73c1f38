"""Whoever is not there is asked again for ever: ever less often, and at once again after an answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from tenacity import Retrying

from labelworks.infra.events import prefect_emitter, retries, sqs


class Ended(BaseException):
    """What ends a loop that has no end."""


class Turns:
    """An emitter, or a receiver, that does as it is told, one thing a turn."""

    def __init__(self, *outcomes: BaseException | None) -> None:
        self.outcomes: Iterator[BaseException | None] = iter(outcomes)

    def turn(self, *_: Any) -> None:
        if (outcome := next(self.outcomes)) is not None:
            raise outcome

    async def later(self, *_: Any) -> None:
        self.turn()


def test_pauses_double_up_to_a_minute_and_begin_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    away = [httpx.ConnectError("away")] * 8
    with pytest.raises(Ended):
        prefect_emitter.keep([Turns(*away, None, away[0], Ended())])  # type: ignore[list-item]
    turn = prefect_emitter.TURN_SECONDS
    assert slept == [1, 2, 4, 8, 16, 32, 60, 60, turn, 1]


def test_each_failure_is_told_and_another_error_is_none_of_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0)
    retrying = Retrying(**retries.for_ever("the server", httpx.HTTPError))
    with pytest.raises(KeyError):
        retrying(Turns(httpx.ReadTimeout("slow"), KeyError("else")).turn)
    assert "the server: can't be reached, trying again: ReadTimeout: slow" in capsys.readouterr().err


def test_a_queue_that_can_t_be_opened_or_read_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0)
    opened = Turns(OSError("no route"), None)
    received = Turns(None, ValueError("cut"), OSError("gone"), None, Ended())

    @asynccontextmanager
    async def client(_: str) -> Any:
        opened.turn()
        yield "client"

    monkeypatch.setattr(sqs, "client", client)
    monkeypatch.setattr(sqs, "receive", received.later)
    with pytest.raises(Ended):
        sqs.receive_for_ever("https://queue", [], None)  # type: ignore[arg-type]
    said = capsys.readouterr().err
    assert all(text in said for text in ("OSError: no route", "ValueError: cut", "OSError: gone"))
