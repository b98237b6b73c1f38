"""Markdown whose texts are of data: nothing in them is markup."""

from __future__ import annotations

from collections.abc import Sequence


def escape(text: str) -> str:
    """Make text from data harmless in Markdown: no HTML, no markup, no line or cell breaks."""
    flat = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\\{char}" if char in "\\`*_[]|~#" else char for char in flat)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose cells are text."""
    lines = [list(headings), ["---"] * len(headings), *([escape(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
