"""A run's progress in the Prefect UI: one artifact, which goes from 0 to 100 % through the stages."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import cast, get_args
from uuid import UUID

from labelworks.schemas.records import Stage
from labelworks.tasks.execution.engine import in_flow
from labelworks.tasks.execution.progress import Progress, current, telling
from labelworks.tasks.execution.throughput import Pace

EVERY = 5.0  # seconds between two updates
STAGES = get_args(Stage)


@contextmanager
def posted(dataset: str) -> Iterator[None]:
    """Post the progress told in this block of a flow as an artifact, and still tell who was told before."""
    from prefect.artifacts import create_progress_artifact, update_progress_artifact

    if not in_flow():
        yield
        return
    created = cast(UUID, create_progress_artifact(0.0, key="progress", description=f"{dataset}: begins"))

    def post(percent: float, text: str) -> None:
        update_progress_artifact(created, percent, description=f"{dataset}: {text}")

    display = Posting(current(), post)
    try:
        with telling(display):
            yield
    except BaseException:
        display.end("stopped")
        raise
    display.end("done")


class Posting:
    """Posts now and then what it is told, and passes it on. An API that fails ends the posts, not the run."""

    def __init__(
        self, further: Progress, post: Callable[[float, str], None], clock: Callable[[], float] = monotonic
    ) -> None:
        self._further, self._post, self._clock = further, post, clock
        self._pace = Pace(clock)
        self._posted = clock() - EVERY
        self._broken = False

    def stage(self, name: str, *, total: int | None = None) -> None:
        """A stage begins."""
        self._further.stage(name, total=total)
        self._pace.begin(name)
        self._now()

    def advance(
        self, stage: str, done: int, total: int, *, unit: str = "partitions", rows: int = 0, size: int = 0
    ) -> None:
        """The stage went on."""
        self._further.advance(stage, done, total, unit=unit, rows=rows, size=size)
        self._pace.advance(done, total, unit, rows, size)
        if self._clock() - self._posted >= EVERY:
            self._now()

    def note(self, text: str) -> None:
        """Pass it on."""
        self._further.note(text)

    def end(self, how: str) -> None:
        """Say how the run ended."""
        self._send(100.0 if how == "done" else self._percent(), how)

    def _now(self) -> None:
        said = [figure for figure in (self._pace.count(), self._pace.speed()) if figure]
        self._send(self._percent(), ", ".join([self._pace.stage, *said]))

    def _percent(self) -> float:
        """Every stage counts alike; one whose count begins again, for its second pass, goes back."""
        before = STAGES.index(self._pace.stage) if self._pace.stage in STAGES else 0
        return round(100 * (before + self._pace.share) / len(STAGES), 1)

    def _send(self, percent: float, text: str) -> None:
        self._posted = self._clock()
        if self._broken:
            return
        try:
            self._post(percent, text)
        except Exception:  # whatever the API's client raises: progress is not worth a run
            self._broken = True
            logging.getLogger(__name__).warning("progress can't be posted", exc_info=True)
