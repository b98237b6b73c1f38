"""Waiting for what comes when it comes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

LOOK_SECONDS = 0.02


def wait_for(what: Callable[[], Any], seconds: float = 120, *, about: str = "") -> Any:
    """The first true value of `what`; AssertionError after so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(LOOK_SECONDS)
    raise AssertionError(f"{about or what} did not happen within {seconds} s")
