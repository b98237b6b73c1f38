"""How fast a stage goes and how long it still takes: rows/s, bytes/s and ETA from what the stages tell."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from humanize import naturalsize


class Pace:
    """Follows one stage after the other; each count of a stage (source, target, a pass) has its own pace."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._last = clock()
        self.stage = ""
        self.begin("")

    def begin(self, stage: str) -> None:
        """A stage begins."""
        self.stage, self._since = stage, self._clock()
        self._last = self._since
        self._count("", 0, 0, 0, 0)

    def advance(self, done: int, total: int, unit: str, rows: int, size: int) -> None:
        """So much of the stage's present count is done."""
        if unit != self.unit or total != self.total or done < self.done:
            self._since = self._last
        self._count(unit, done, total, rows, size)
        self._last = self._clock()

    @property
    def share(self) -> float:
        """Share of the present count that is done."""
        return self.done / self.total if self.total else 0.0

    def count(self) -> str:
        """`12/40 partitions`, or nothing if nothing was told yet."""
        return f"{self.done:,}/{self.total:,} {self.unit}" if self.total else ""

    def speed(self) -> str:
        """`3,400 rows/s, 24.1 MB/s, 0:42 left`; what isn't known is left out."""
        if not self.done:
            return ""
        seconds = max(self._last - self._since, 1e-3)
        said = [f"{self.rows / seconds:,.0f} rows/s"] if self.rows else []
        if self.size:
            said.append(f"{naturalsize(self.size / seconds)}/s")
        if self.done < self.total:
            waited = self._clock() - self._last
            left = seconds / self.done * (self.total - self.done) - waited
            said.append(f"{_minutes(max(left, 0.0))} left")
        return ", ".join(said)

    def _count(self, unit: str, done: int, total: int, rows: int, size: int) -> None:
        self.unit, self.done, self.total, self.rows, self.size = unit, done, total, rows, size


def _minutes(seconds: float) -> str:
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"
