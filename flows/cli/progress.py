"""Progress for people, on stderr: bars in a terminal, else a line now and then, and when a stage ends."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, TextIO

from labelworks.tasks.execution.progress import Progress
from labelworks.tasks.execution.throughput import Pace

if TYPE_CHECKING:
    from rich.console import Console

EVERY = 10.0  # seconds between two lines of a stage
WIDE = 100  # columns of a terminal in which there is room for a speed


@contextmanager
def shown(stream: TextIO | None = None) -> Iterator[Progress]:
    """Show the progress told in this block on stderr, in the form that suits it."""
    stream = stream or sys.stderr
    display: Bars | Lines
    if stream.isatty():
        from rich.console import Console

        display = Bars(Console(file=stream))
    else:
        display = Lines(stream)
    with _every(EVERY, display.tick):
        try:
            yield display
        except BaseException:
            display.close(done=False)
            raise
        display.close(done=True)


@contextmanager
def _every(seconds: float, tick: Callable[[], None]) -> Iterator[None]:
    """Call a function again and again while the block lasts, also while nothing is told."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(seconds):
            tick()

    thread = threading.Thread(target=watch, daemon=True, name="progress")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


class Lines:
    """One line per stage when it ends, and one at every tick before; for logs and pipes."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self._stage = ""
        self._counts: dict[str, str] = {}  # by unit, in the order in which they began
        self._began = monotonic()
        self._pace = Pace()

    def stage(self, name: str, *, total: int | None = None) -> None:
        """End the stage before, begin this one."""
        self.close(done=True)
        self._stage, self._began = name, monotonic()
        self._pace.begin(name)

    def advance(
        self, stage: str, done: int, total: int, *, unit: str = "partitions", rows: int = 0, size: int = 0
    ) -> None:
        """Remember how far the stage is."""
        if stage != self._stage:
            self.stage(stage)
        self._pace.advance(done, total, unit, rows, size)
        counted = re.sub(r"s\b", "", unit, count=1) if total == 1 else unit
        self._counts[unit] = f"{done:,} {counted}" if done == total else f"{done:,} of {total:,} {counted}"

    def tick(self) -> None:
        """Say how far the stage is."""
        if self._stage:
            said = (self._pace.count(), self._pace.speed(), f"{monotonic() - self._began:.0f} s so far")
            print(f"{self._stage}: {', '.join(filter(None, said))}", file=self.stream, flush=True)

    def note(self, text: str) -> None:
        """Print the note."""
        print(text, file=self.stream, flush=True)

    def close(self, *, done: bool) -> None:
        """Say how the stage ended: what it was done for, or what it was stopped at."""
        if self._stage:
            verb, counts = "done" if done else "stopped", list(self._counts.values())
            count = f", {counts[0 if done else -1]}" if counts else ""
            seconds = monotonic() - self._began
            print(f"{self._stage}: {verb}{count}, {seconds:.1f} s", file=self.stream, flush=True)
        self._stage, self._counts = "", {}


class Bars:
    """A bar per stage; notes and logs scroll above."""

    def __init__(self, console: Console) -> None:
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        speed = [TextColumn("{task.fields[speed]}", style="progress.data.speed")]
        self._bars = RichProgress(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.description:9}"),
            BarColumn(bar_width=10),
            TextColumn("{task.fields[count]}", style="progress.download"),
            TimeElapsedColumn(),
            *(speed if console.width >= WIDE else []),
            console=console,
        )
        self._stage = ""
        self._counts: dict[str, str] = {}  # by unit, in the order in which they began
        self._pace = Pace()
        self._task = self._bars.add_task("", visible=False, count="", speed="")
        self._bars.start()

    def stage(self, name: str, *, total: int | None = None) -> None:
        """Fill the bar of the stage before, begin one for this."""
        self._fill()
        self._stage, self._counts = name, {}
        self._pace.begin(name)
        self._task = self._bars.add_task(name, total=total, count="", speed="")

    def advance(
        self, stage: str, done: int, total: int, *, unit: str = "partitions", rows: int = 0, size: int = 0
    ) -> None:
        """Move the bar."""
        if stage != self._stage:
            self.stage(stage)
        self._pace.advance(done, total, unit, rows, size)
        self._counts[unit] = self._pace.count()
        self._bars.update(self._task, completed=done, total=total)
        self.tick()

    def tick(self) -> None:
        """Say how fast it goes."""
        self._bars.update(self._task, count=self._pace.count(), speed=self._pace.speed())

    def note(self, text: str) -> None:
        """Print the note above the bars."""
        self._bars.console.print(text, markup=False, highlight=False)

    def close(self, *, done: bool) -> None:
        """Leave the bars as they are."""
        if done:
            self._fill()
        self._bars.stop()

    def _fill(self) -> None:
        task = next((task for task in self._bars.tasks if task.id == self._task), None)
        if self._stage and task is not None:
            total, count = task.total or 1, next(iter(self._counts.values()), "")
            self._bars.update(self._task, completed=total, total=total, count=count, speed="")
