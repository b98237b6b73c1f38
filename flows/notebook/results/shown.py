"""How a result looks in a notebook and in a terminal: what was found in a line, then the rows that matter."""

from __future__ import annotations

from abc import ABC, abstractmethod
from html import escape
from typing import Any

import pandas as pd

ROWS = 10  # of a table that are shown
DIGITS = 3
STYLE = "margin:.3em 0 .6em; color:inherit"


class Shown(ABC):
    """A result that a notebook shows as a table, and a terminal as a line."""

    @abstractmethod
    def to_pandas(self) -> pd.DataFrame:
        """The result as a table."""

    @property
    @abstractmethod
    def summary(self) -> str:
        """What was found, in a line."""

    @property
    def _rows(self) -> pd.DataFrame:
        """The rows to show, those that matter most first."""
        return self.to_pandas()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.summary}>"

    def _repr_html_(self) -> str:
        return html(type(self).__name__, self.summary, self._rows)


def html(title: str, summary: str, rows: pd.DataFrame, limit: int = ROWS) -> str:
    """A heading, a line and the first rows of a table; no data is taken for markup or a formula."""
    head = f"<div><strong>{escape(title)}</strong>"
    line = f'<div class="tex2jax_ignore" style="{STYLE}">{escape(summary)}</div>'
    with pd.option_context("display.html.use_mathjax", False, "display.max_colwidth", 60):
        table = rows.head(limit).to_html(escape=True, border=0, float_format=_number, na_rep="")
    more = len(rows) - limit
    left = f'<div style="{STYLE}">and {more:,} more: .to_pandas() has them all</div>' if more > 0 else ""
    return f"{head}{line}{table}{left}</div>"


def several(count: int, noun: str) -> str:
    """A number and its noun."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _number(value: Any) -> str:
    return f"{value:.{DIGITS}g}" if value == value else ""
