"""Shares as percentages: the one way to write them, in pages, in messages and in the terminal."""

from __future__ import annotations

from typing import Any

MISSING = "–"


def percent(value: Any, digits: int = 1) -> str:
    """A share as a percentage; a dash where there is none."""
    return MISSING if value is None else f"{round(100 * float(value), digits) + 0.0:.{digits}f} %"


def unbroken(text: str) -> str:
    """A text for a page: no line of it is broken before a percent sign."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%")
