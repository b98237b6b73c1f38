"""What a process of ours does with its libraries: threads that they take, garbage that is looked for."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class _Imports:
    """Looks for no garbage while a block imports, in whichever thread; blocks may overlap."""

    def __init__(self) -> None:
        self._lock, self._blocks, self._enabled = threading.Lock(), 0, True

    def __enter__(self) -> None:
        with self._lock:
            if not self._blocks:
                self._enabled = gc.isenabled()
                gc.disable()
            self._blocks += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._blocks -= 1
            if not self._blocks and self._enabled:
                gc.enable()


_importing = _Imports()


def imports() -> AbstractContextManager[None]:
    """Import in this block: what that makes is kept, and to look for garbage takes a quarter of its time."""
    return _importing


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Let numerical libraries take so many threads in this block, also those that it imports.

    Threads of theirs that wait for one another are busy, and take the cores from whoever computes.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, str(count)))
    try:
        with threadpool_limits(count):
            yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def take_threads(count: int) -> None:
    """Let numerical libraries take so many threads from now on, in this thread and in new ones."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(count)
