"""What embedding waited for: each second is counted once, by what went on."""

from __future__ import annotations

import pytest

from labelworks.schemas.findings import EmbeddingWaits
from labelworks.tasks.embed import waits
from labelworks.tasks.embed.waits import Seconds, Watch


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which passes where the test says so."""
    now = [0.0]
    monkeypatch.setattr(waits, "perf_counter", lambda: now[0])
    return now


def test_seconds_go_to_the_device_then_to_the_store_else_to_the_host(clock: list[float]) -> None:
    watch = Watch()
    clock[0] = 2.0
    with watch.running():
        clock[0] = 5.0
        with watch.running(), watch.storing():  # two batches at once, while another waits to be written
            clock[0] = 6.0
    with watch.storing():
        clock[0] = 6.5
    assert watch.lap() == Seconds(device=4.0, host=2.0, store=0.5)
    clock[0] = 7.0
    assert watch.lap() == Seconds(host=0.5)
    assert watch.lap().total == 0


def test_what_fails_is_over(clock: list[float]) -> None:
    watch = Watch()
    with pytest.raises(MemoryError), watch.running():
        clock[0] = 1.0
        raise MemoryError
    clock[0] = 3.0
    assert watch.lap() == Seconds(device=1.0, host=2.0)


def test_it_is_said_in_a_line() -> None:
    said = EmbeddingWaits(device=0.83, host=0.15, store=0.02).said
    assert said == "embed: device busy 83 %, waited for the host 15 %, for the store 2 %"
