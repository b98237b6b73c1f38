"""Progress: silent unless somebody listens; a line per stage in a pipe; bars in a terminal."""

from __future__ import annotations

import contextlib
import io
import operator
import re
import threading
from contextlib import nullcontext
from dataclasses import dataclass

import pytest
from distributed import Client
from rich.console import Console

from labelworks.flows.cli import progress as display_of
from labelworks.flows.cli.progress import Bars, Lines, shown
from labelworks.flows.progress_artifact import EVERY, Posting
from labelworks.schemas.records import Partition, Piece
from labelworks.tasks.execution import progress
from labelworks.tasks.execution.map_partitions import map_partitions, reduce_partitions
from labelworks.tasks.execution.throughput import Pace


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def work() -> None:
    told = progress.current()
    told.stage("ingest", total=2)
    told.advance("ingest", 1, 2)
    told.advance("ingest", 2, 2)
    told.note("half of it was done before")
    told.advance("embed", 600, 1200, unit="rows")


def without_times(stream: io.StringIO) -> list[str]:
    return re.sub(r"\d+\.\d s", "T", stream.getvalue()).splitlines()


def test_nobody_is_told_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    work()
    assert capsys.readouterr() == ("", "")


def test_a_pipe_gets_a_line_per_stage() -> None:
    stream = io.StringIO()
    with shown(stream) as display, progress.telling(display):
        assert isinstance(display, Lines)
        work()
    assert without_times(stream) == [
        "half of it was done before",
        "ingest: done, 2 partitions, T",
        "embed: done, 600 of 1,200 rows, T",
    ]


@pytest.mark.parametrize(("unit", "said"), [
    ("partitions", "1 partition"), ("target partitions", "1 target partition"),
    ("ranges of the ids compared", "1 range of the ids compared"),
])  # fmt: skip
def test_one_is_singular_in_a_line(unit: str, said: str) -> None:
    stream = io.StringIO()
    with shown(stream) as display:
        display.advance("ingest", 1, 1, unit=unit)
    assert without_times(stream) == [f"ingest: done, {said}, T"]


def test_a_stage_that_is_done_says_what_it_was_done_for() -> None:
    stream = io.StringIO()
    with shown(stream) as display:
        display.advance("ingest", 3, 3, unit="source partitions")
        display.advance("ingest", 1, 1, unit="ranges of the ids compared")
    assert without_times(stream) == ["ingest: done, 3 source partitions, T"]


def test_a_failing_stage_is_said_to_have_stopped() -> None:
    stream = io.StringIO()
    with pytest.raises(RuntimeError), shown(stream) as display, progress.telling(display):
        work()
        raise RuntimeError("no")
    assert without_times(stream)[-1] == "embed: stopped, 600 of 1,200 rows, T"


def test_listening_ends_with_the_block() -> None:
    stream = io.StringIO()
    with progress.telling(Lines(stream)):
        progress.current().note("heard")
        with progress.telling(None):
            progress.current().note("not heard")
    progress.current().note("not heard")
    assert stream.getvalue() == "heard\n"


def test_a_terminal_gets_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with shown(stream) as display, progress.telling(display):
        assert isinstance(display, Bars)
        work()
    text = Console(file=io.StringIO()).render_str(stream.getvalue(), markup=False).plain
    assert "ingest" in text
    assert "2/2 partitions" in text
    assert "600/1,200 rows" in text
    assert "half of it was done before" in text


@pytest.mark.parametrize(("columns", "speed"), [(80, False), (120, True)])
def test_a_bar_fits_the_terminal(monkeypatch: pytest.MonkeyPatch, columns: int, speed: bool) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    text = drawn(("partitions looked at for nulls",), RuntimeError("stopped"), monkeypatch)
    assert ("rows/s" in text) == speed
    assert "1/2 partitions looked at for nulls 0:00:00" in text


def test_a_bar_that_is_full_says_what_it_was_for(monkeypatch: pytest.MonkeyPatch) -> None:
    text = drawn(("partitions", "partitions looked at for nulls"), None, monkeypatch)
    assert "1/2 partitions 0:00:00" in text


def drawn(units: tuple[str, ...], error: Exception | None, monkeypatch: pytest.MonkeyPatch) -> str:
    """The last picture of a stage that counts one unit after the other, without colours."""
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with nullcontext() if error is None else pytest.raises(type(error)), shown(stream) as display:
        for unit in units:
            display.advance("detect", 1, 2, unit=unit, rows=9, size=99)
        if error is not None:
            raise error
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue()).strip().rsplit("detect", 1)[-1]


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_pace_is_of_the_present_count() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.begin("ingest")
    assert (pace.count(), pace.speed(), pace.share) == ("", "", 0.0)
    clock.now += 10
    pace.advance(2, 8, "partitions", 5_000, 240_000_000)
    assert (pace.count(), pace.speed()) == ("2/8 partitions", "500 rows/s, 24.0 MB/s, 0:30 left")
    clock.now += 4  # nothing was told since: time goes on
    assert pace.speed() == "500 rows/s, 24.0 MB/s, 0:26 left"
    clock.now += 26
    pace.advance(8, 8, "partitions", 20_000, 960_000_000)
    assert (pace.share, pace.speed()) == (1.0, "500 rows/s, 24.0 MB/s")
    clock.now += 5  # the next window begins where the one before ended
    pace.advance(1, 1000, "target partitions", 100, 0)
    assert pace.speed() == "20 rows/s, 1:23:15 left"


def test_a_log_has_a_line_now_and_then_also_while_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display_of, "EVERY", 0.01)
    stream = io.StringIO()
    with shown(stream) as display, progress.telling(display):
        progress.current().stage("embed")
        progress.current().advance("embed", 1, 4, rows=10, size=2000)
        while stream.getvalue().count("\n") < 3:
            threading.Event().wait(0.01)
    *lines, last = stream.getvalue().splitlines()
    assert all(
        re.match(r"embed: (1/4 partitions, [\d,]+ rows/s, .*B/s, 0:00 left, )?0 s so far$", line)
        for line in lines
    )
    assert lines[-1].startswith("embed: 1/4 partitions, ")
    assert last.startswith("embed: done, 1 of 4 partitions, ")
    assert not [thread for thread in threading.enumerate() if thread.name == "progress"]


def test_what_is_posted_goes_through_the_stages_and_not_too_often() -> None:
    clock, posts, stream = Clock(), [], io.StringIO()
    posting = Posting(Lines(stream), lambda percent, text: posts.append((percent, text)), clock)
    posting.stage("ingest")
    posting.stage("embed")
    for done in range(1, 5):
        clock.now += EVERY / 2
        posting.advance("embed", done, 4, rows=done * 100)
    posting.note("heard further on")
    posting.end("done")
    assert posts == [
        (0.0, "ingest"), (16.7, "embed"), (25.0, "embed, 2/4 partitions, 40 rows/s, 0:05 left"),
        (33.3, "embed, 4/4 partitions, 40 rows/s"), (100.0, "done"),
    ]  # fmt: skip
    assert "heard further on" in stream.getvalue()
    assert "ingest: done" in stream.getvalue()


def test_an_api_that_fails_ends_the_posts_and_not_the_run(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[str] = []

    def post(percent: float, text: str) -> None:
        calls.append(text)
        raise RuntimeError("no API")

    posting = Posting(progress.Silent(), post)
    posting.stage("ingest")
    posting.end("stopped")
    assert calls == ["ingest"]
    assert "progress can't be posted" in caplog.text


class Told(progress.Silent):
    """Keeps how far work was."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int, int, int]] = []

    def advance(
        self, stage: str, done: int, total: int, *, unit: str = "", rows: int = 0, size: int = 0
    ) -> None:
        self.told.append((done, total, rows, size))


def two_partitions() -> list[Partition]:
    pieces = [
        Piece(file="a", path="a", format="csv", rows=7, size=70),
        Piece(file="b", path="b", format="csv", size=5),
    ]
    return [Partition(key="1", pieces=tuple(pieces)), Partition(key="2", pieces=(pieces[0],))]


def test_partitions_tell_their_rows_and_bytes() -> None:
    told = Told()
    with progress.telling(told):
        map_partitions("ingest", lambda item: Rows(100) if item.key == "1" else None, two_partitions())
    assert told.told == [(1, 2, 100, 75), (2, 2, 107, 145)]


@pytest.mark.parametrize("cluster", [False, True])
def test_partitions_that_come_with_their_place_tell_them_too(
    cluster: bool, request: pytest.FixtureRequest
) -> None:
    told = Told()
    with contextlib.ExitStack() as stack:
        if cluster:
            stack.enter_context(Client(request.getfixturevalue("dask_cluster")))
        stack.enter_context(progress.telling(told))
        items = list(enumerate(two_partitions()))
        assert reduce_partitions("embed", operator.itemgetter(0), sum, items) == 1
    assert {each[:2] for each in told.told} == {(1, 2), (2, 2)}
    assert told.told[-1] == (2, 2, 14, 145)


@dataclass
class Rows:
    rows: int
