"""Ctrl-C reaches the process that a person started, not those it starts itself."""

from __future__ import annotations

import signal
import subprocess
import sys
from multiprocessing import get_context

import pytest

from labelworks.infra.processes.signals import Interrupt, kept_from_children

# In a process of one thread: another would take the signal, and the exception would come when it pleases.
SENT = """
import os, signal
from labelworks.infra.processes.signals import kept_from_children
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
try:
    with kept_from_children():
        os.kill(os.getpid(), signal.SIGINT)
        print("kept until the end", flush=True)
    print("lost")
except KeyboardInterrupt:
    print("came", signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))
"""
MASK = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))"


def blocked() -> bool:
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_processes_started_in_the_block_never_see_it() -> None:
    with kept_from_children():
        done = subprocess.run([sys.executable, "-c", MASK], capture_output=True, text=True, check=True)
        with get_context("spawn").Pool(1) as pool:
            spawned = pool.apply(blocked)
    assert done.stdout.strip() == "True"
    assert spawned


def test_ours_is_not_lost() -> None:
    done = subprocess.run([sys.executable, "-c", SENT], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["kept until the end", "came False"]


def test_it_is_known_also_when_an_error_took_its_place() -> None:
    before = signal.getsignal(signal.SIGINT)
    stop = Interrupt().on(signal.SIGINT)
    try:
        with pytest.raises(ValueError, match="nothing to close"):
            try:
                signal.raise_signal(signal.SIGINT)
            finally:
                raise ValueError("nothing to close")
    finally:
        signal.signal(signal.SIGINT, before)
    assert stop.came
