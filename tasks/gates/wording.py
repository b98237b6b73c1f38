"""Expectations and what was observed, in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labelworks.schemas.percentages import percent
from labelworks.schemas.suites import COLUMN_KEYS, Expectation

NOT_MEASURED = "not measured"
_HIDDEN = {*COLUMN_KEYS, "column_list", "mostly", "strict_min", "strict_max"}


def expected(each: Expectation) -> str:
    """Say what an expectation asks, e.g. `noise_rate ≤ 0.6`."""
    text = _core(each)
    return text if each.mostly >= 1.0 else f"{text}, in at least {percent(each.mostly)} of rows"


def counted(failed: int, rows: int) -> str:
    """Say how many rows failed."""
    return f"{failed:,} of {rows:,} rows fail"


def number(value: Any) -> str:
    """Write a figure or an offending value, shortened."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        whole = isinstance(value, int) or value.is_integer()
        return f"{int(value):,}" if whole and abs(value) < 1e15 else f"{value:.4g}"
    text = str(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def figures(values: Mapping[str, Any]) -> str:
    """Write the figures that an expectation looked at: the one value, or all with their names."""
    if len(values) == 1:
        return number(next(iter(values.values())))
    return ", ".join(f"{name} {number(value)}" for name, value in values.items())


def _core(each: Expectation) -> str:
    subject = " and ".join(each.columns) or "the table"
    kind = each.expectation
    if kind == "expect_column_values_to_be_between":
        return f"{subject} {_bounds(each.kwargs)}"
    if kind == "expect_column_pair_values_to_be_equal":
        return " = ".join(each.columns)
    if kind == "expect_column_values_to_not_be_null":
        return f"{subject} is never null"
    if kind == "expect_column_values_to_be_in_set":
        return f"{subject} is one of {', '.join(map(str, each.kwargs.get('value_set', ())))}"
    return f"{subject}: {_sentence(kind)}{_details(each.kwargs)}"


def _bounds(kwargs: Mapping[str, Any]) -> str:
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    at_least = "" if low is None else f"{'>' if kwargs.get('strict_min') else '≥'} {number(low)}"
    at_most = "" if high is None else f"{'<' if kwargs.get('strict_max') else '≤'} {number(high)}"
    return " and ".join(filter(None, (at_least, at_most)))


def _sentence(kind: str) -> str:
    short = kind.removeprefix("expect_").removeprefix("column_").removeprefix("table_")
    return f"_{short}".replace("_to_", " must ", 1).replace("_", " ").strip()


def _details(kwargs: Mapping[str, Any]) -> str:
    shown = [f"{name} {number(value)}" for name, value in kwargs.items() if name not in _HIDDEN]
    return f" ({', '.join(shown)})" if shown else ""
