"""How work says how far it is. Whoever started the run decides what becomes of it; by default nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol


class Progress(Protocol):
    """Told by the stages how far they are; must be quick, and never raise."""

    def stage(self, name: str, *, total: int | None = None) -> None:
        """A stage begins; `total` units of work, if that is known."""

    def advance(
        self, stage: str, done: int, total: int, *, unit: str = "partitions", rows: int = 0, size: int = 0
    ) -> None:
        """So many units are done (a total, not a step), of so many; their rows, their bytes of source."""

    def note(self, text: str) -> None:
        """Something worth a line: work found done, a fallback taken, a warning of a gate."""


class Silent:
    """Tells nobody."""

    def stage(self, name: str, *, total: int | None = None) -> None:
        """Say nothing."""

    def advance(
        self, stage: str, done: int, total: int, *, unit: str = "partitions", rows: int = 0, size: int = 0
    ) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""


_current: ContextVar[Progress | None] = ContextVar("progress", default=None)
_SILENT = Silent()


def current() -> Progress:
    """Whom to tell in this context."""
    return _current.get() or _SILENT


@contextmanager
def telling(progress: Progress | None) -> Iterator[None]:
    """Tell `progress` (None: nobody) of the work done in this block."""
    token = _current.set(progress)
    try:
        yield
    finally:
        _current.reset(token)
