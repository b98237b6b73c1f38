"""Ctrl-C is for the process that a person started: it ends the others itself, in order; and it isn't lost."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker


@contextmanager
def kept_from_children() -> Iterator[None]:
    """Start processes and threads in this block that never see SIGINT; ours comes at its end.

    A terminal sends it to the whole group, and workers that die of it on their own leave tracebacks.
    Where another thread of ours takes the signal, it comes when Python next looks: in the block or after it.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # starting it later would lift the block
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Interrupt:
    """What a signal does: a KeyboardInterrupt, and a note that it came.

    Libraries tidy up as that goes through them, and what fails in this takes its place.
    """

    def __init__(self) -> None:
        self.came = False

    def on(self, *numbers: signal.Signals) -> Interrupt:
        """Let these signals raise it."""
        for number in numbers:
            signal.signal(number, self)
        return self

    def __call__(self, *_: object) -> None:
        """Raise it, as the handler of a signal."""
        self.came = True
        raise KeyboardInterrupt
