"""Shares as percentages: the one way to write them, in pages, in messages and in the terminal."""

from __future__ import annotations

from typing import Any

MISSING = "–"


def percent(value: Any, digits: int = 1) -> str:
    """A share as a percentage; a dash where there is none."""
    return MISSING if value is None else f"{round(100 * float(value), digits) + 0.0:.{digits}f} %"
