"""A served run that a signal stops: the next process goes on with it, wherever the signal came."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect import task_engine
from prefect.client.orchestration import get_client

from labelworks.flows.served.registration import register
from labelworks.flows.served.runner import STOP, Runner
from labelworks.infra.events.queue import EventQueue
from labelworks.infra.processes.signals import Interrupt
from labelworks.schemas.config.run import ReprocessConfig
from labelworks.schemas.events import DatasetChanged

pytestmark = pytest.mark.usefixtures("prefect_api")


@pytest.fixture(autouse=True)
def _handler() -> Iterator[None]:
    before = signal.getsignal(STOP)
    yield
    signal.signal(STOP, before)


def test_a_signal_that_prefect_hides_behind_an_error_of_its_own_stops_the_runner(
    made: Any, write: Any, run_config: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = run_config(
        write(made().table, "halted"), dataset={"name": "halted"}, reprocess=ReprocessConfig(debounce=0)
    )
    queue = EventQueue(tmp_path / "events.db")
    queue.put([DatasetChanged(dataset="halted")])

    stop = Interrupt().on(STOP)
    with get_client(sync_client=True) as client:
        runner = Runner(config, queue, client, register(config), stop)
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(task_engine, "TaskRun", lambda **_: signal.raise_signal(STOP))
            runner.turn()
        assert not (tmp_path / "store/halted/versions").exists()
        assert runner.turn()
        assert not runner.turn()
    assert (tmp_path / "store/halted/versions/1.json").exists()
