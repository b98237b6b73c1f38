"""The queue: durable, deduplicated, bounded, and done only when that is said."""

import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from labelworks.infra.events import queue as module
from labelworks.infra.events.queue import EventQueue, QueueFullError
from labelworks.schemas.config.schedule import ReprocessConfig
from labelworks.schemas.events import DatasetChanged

CHILD = """
import os, signal, sys
from pathlib import Path
from labelworks.infra.events.queue import EventQueue
from labelworks.schemas.events import DatasetChanged
queue = EventQueue(Path(sys.argv[1]))
for number in range(100):
    queue.put([DatasetChanged(id=f"e{number}", dataset="a")])
    print(number, flush=True)
    if number == 40:
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def queue(tmp_path: Path) -> EventQueue:
    return EventQueue(tmp_path / "events.db")


def changed(name: str, dataset: str = "a", **more: Any) -> DatasetChanged:
    return DatasetChanged.model_validate({"id": name, "dataset": dataset, **more})


def test_an_id_is_taken_once_even_after_it_is_done(queue: EventQueue) -> None:
    assert queue.put([changed("1"), changed("2"), changed("1")]) == [True, True, False]
    waiting = queue.waiting("a")
    assert waiting is not None
    assert waiting.count == 2
    queue.finish("a", waiting.upto)
    assert queue.waiting("a") is None
    assert queue.put([changed("2"), changed("3")]) == [False, True]


def test_ids_that_are_done_are_forgotten_after_a_while_and_waiting_ones_never(
    queue: EventQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.put([changed("1"), changed("2", "b")])
    queue.finish("a", 1)
    monkeypatch.setattr(module, "REMEMBERED", -1.0)
    assert queue.put([changed("3")]) == [True]
    assert queue.put([changed("1"), changed("2", "b")]) == [True, False]


def test_datasets_wait_apart_and_what_came_meanwhile_stays(queue: EventQueue) -> None:
    queue.put([changed("1"), changed("2", "b")])
    first = queue.waiting("a")
    assert first is not None
    queue.put([changed("3")])
    queue.finish("a", first.upto)
    left = queue.waiting("a")
    assert left is not None
    assert (left.count, queue.last("a", left.upto).id) == (1, "3")
    assert queue.waiting("b") is not None


def test_flow_runs_of_the_schedule_are_done_one_by_one(queue: EventQueue) -> None:
    queue.put([changed("1"), changed("r1", flow_run="f1"), changed("r2", flow_run="f2")])
    number, event = queue.scheduled("a") or (0, changed("none"))
    assert event.flow_run == "f1"
    waiting = queue.waiting("a")
    assert waiting is not None
    queue.finish("a", waiting.upto, number)
    number, event = queue.scheduled("a") or (0, changed("none"))
    assert (event.flow_run, getattr(queue.waiting("a"), "count", None)) == ("f2", 1)
    queue.finish("a", number, number)
    assert queue.waiting("a") is None
    assert queue.scheduled("a") is None


def test_it_takes_no_more_than_it_keeps(queue: EventQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PENDING", 2)
    queue.put([changed("1")])
    with pytest.raises(QueueFullError, match="1 events wait"):
        queue.put([changed("2"), changed("3")])
    assert getattr(queue.waiting("a"), "count", None) == 1


def test_what_was_put_before_a_kill_is_there(tmp_path: Path) -> None:
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path / "events.db")],
        capture_output=True, text=True, check=False, env=dict(os.environ),
    )  # fmt: skip
    assert child.returncode == -signal.SIGKILL, child.stderr
    waiting = EventQueue(tmp_path / "events.db").waiting("a")
    assert waiting is not None
    assert waiting.count == len(child.stdout.split()) == 41


@pytest.mark.parametrize("order", [*itertools.permutations("123")], ids="".join)
def test_in_whatever_order_events_come_they_are_one_burst_and_old_ones_that_come_again_are_none(
    queue: EventQueue, order: tuple[str, ...]
) -> None:
    for name in order:
        assert queue.put([changed(name, occurred=f"2026-01-0{name}T00:00:00Z", added=[f"{name}.csv"])]) == [
            True
        ]
    waiting = queue.waiting("a")
    assert waiting is not None
    assert (waiting.count, waiting.over(ReprocessConfig(debounce=0))) == (3, True)
    queue.finish("a", waiting.upto)
    for name in "213":
        assert queue.put([changed(name, occurred="2020-01-01T00:00:00Z")]) == [False]
    assert queue.waiting("a") is None


def test_an_event_that_names_too_much_for_a_parameter_names_nothing() -> None:
    few = DatasetChanged(dataset="a", added=("x" * 1000,) * 64)
    assert few.brief() is few
    many = DatasetChanged(dataset="a", added=("x" * 1000,) * 64, removed=("y",))
    assert (many.brief().added, many.brief().removed, many.brief().unknown) == ((), (), True)
    assert many.brief().id == many.id
