"""Processes of one tree: started by one parent, started again when they die, gone when it is gone."""

from __future__ import annotations

import faulthandler
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from labelworks.schemas.secrets.logging import hide_secrets

GRACE_SECONDS = 20.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
STEADY_SECONDS = 60.0  # a process that lived so long starts again at once
TURN_SECONDS = 0.1


def end_with(parent: int) -> None:
    """End this process when the one that started it is gone, however that ended.

    SIGUSR1 prints where each of its threads is. Its logs and tracebacks are without secrets.
    """
    faulthandler.register(signal.SIGUSR1)
    hide_secrets()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


@dataclass
class Process:
    """A module that runs as a process of its own: `python -m MODULE ARGUMENTS`.

    listening: a socket that it serves on. It stays open here: whoever connects between two starts waits.
    """

    name: str
    module: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    ended_by: signal.Signals = signal.SIGTERM
    listening: socket.socket | None = None
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = 0.0

    def start(self) -> None:
        """Start it in a session of its own: Ctrl-C is for the parent, which ends it in order."""
        self.started = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-P", "-m", self.module, *self.arguments],
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            pass_fds=[self.listening.fileno()] if self.listening else [],
            start_new_session=True,
        )

    def stop(self) -> None:
        """Ask it to end, and end it if it doesn't."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(self.ended_by)
        try:
            self.process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def due(self) -> bool:
        """Whether it died and its pause is over; each death soon after the start doubles the pause."""
        if self.process is None or self.process.poll() is None:
            return False
        lived = time.monotonic() - self.started
        if self.pause == 0.0 or lived > STEADY_SECONDS + self.pause:
            self.pause = FIRST_PAUSE
        return lived >= self.pause

    def again(self) -> None:
        """Start it anew."""
        self.pause = min(2 * self.pause, LONGEST_PAUSE)
        self.start()


class Supervisor:
    """Members in the order in which they start; they end in the opposite order."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.members: list[Process] = []
        self.tell = tell
        self.over = threading.Event()

    def add(self, member: Process) -> Process:
        """Start a member."""
        member.start()
        self.members.append(member)
        return member

    def stop_on_signals(self) -> None:
        """Let Ctrl-C and SIGTERM end `keep`."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.over.set())

    def keep(self) -> None:
        """Start members again that die, until a signal comes."""
        while not self.over.wait(TURN_SECONDS):
            for member in self.members:
                if member.due():
                    code = member.process.returncode if member.process else None
                    self.tell(f"{member.name} ended ({code}), starting it again")
                    member.again()

    def stop(self) -> None:
        """End all members, the last first."""
        for member in reversed(self.members):
            member.stop()
