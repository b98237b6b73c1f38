"""What embedding waited for: the device at work, else the host that reads and prepares, else the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from threading import Lock
from time import perf_counter


@dataclass(frozen=True)
class Seconds:
    """device: it ran a model; host, store: it didn't, and batches were made, or vectors written."""

    device: float = 0.0
    host: float = 0.0
    store: float = 0.0

    def __add__(self, other: Seconds) -> Seconds:
        """Of both."""
        return Seconds(*(getattr(self, of.name) + getattr(other, of.name) for of in fields(self)))

    def __sub__(self, other: Seconds) -> Seconds:
        """Of the one without the other."""
        return Seconds(*(getattr(self, of.name) - getattr(other, of.name) for of in fields(self)))

    @property
    def total(self) -> float:
        """All of them."""
        return self.device + self.host + self.store


class Watch:
    """Adds up seconds by what was waited for; threads may run the device at once."""

    def __init__(self) -> None:
        self._lock, self._last = Lock(), perf_counter()
        self._running = self._storing = 0
        self._spent = self._told = Seconds()

    @contextmanager
    def running(self) -> Iterator[None]:
        """The device is at work in this block."""
        self._turn(running=1)
        try:
            yield
        finally:
            self._turn(running=-1)

    @contextmanager
    def storing(self) -> Iterator[None]:
        """In this block nothing goes on before the store has taken what is done."""
        self._turn(storing=1)
        try:
            yield
        finally:
            self._turn(storing=-1)

    def lap(self) -> Seconds:
        """What was spent since the last lap."""
        self._turn()
        with self._lock:
            lap, self._told = self._spent - self._told, self._spent
        return lap

    def _turn(self, running: int = 0, storing: int = 0) -> None:
        with self._lock:
            now = perf_counter()
            spent = now - self._last
            what = "device" if self._running else "store" if self._storing else "host"
            self._spent, self._last = self._spent + Seconds(**{what: spent}), now
            self._running, self._storing = self._running + running, self._storing + storing
