"""Conditions on rows, as Great Expectations has them: data, never text that an engine evaluates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

PARSERS = ("great_expectations", "great_expectations__experimental__")  # that read `col("a") > 1`
OPERATORS = ("==", "!=", "<", "<=", ">", ">=")
SETS = ("IN", "NOT_IN")
MOST, DEEPEST = 100, 4
FORM = (
    "{type: comparison, column: {name: a}, operator: '>', parameter: 1}, {type: nullity, column, is_null}, "
    "or these under {type: and, conditions: […]} or {type: or, …}"
)
TEXT = re.compile(
    r"\s*col\(\"(?P<column>\w+)\"\)\s*"
    r"(?:(?P<given>\.notnull\(\))|(?P<operator>[=!<>]=|[<>])\s*(?:(?P<number>[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)"
    r"|\"(?P<double>[^\"'`\\]*)\"|'(?P<single>[^\"'`\\]*)'))\s*",
    re.IGNORECASE,
)


def condition(value: Any, parser: Any = None) -> dict[str, Any]:
    """A condition in its one form; ValueError for what is none, above all for what pandas would evaluate."""
    if isinstance(value, str):
        return _read(value, parser)
    if parser is not None:
        raise ValueError("condition_parser goes with a condition that is text")
    checked = _checked(value, 0)
    if sum(1 for _ in columns_of(checked)) > MOST:
        raise ValueError(f"row_condition has more than {MOST} parts")
    return checked


def columns_of(value: Any) -> Iterator[str]:
    """The columns that a condition in its one form looks at."""
    if isinstance(value, dict):
        for part in value.get("conditions", ()):
            yield from columns_of(part)
        if isinstance(column := value.get("column"), dict):
            yield str(column.get("name"))


def _read(text: str, parser: Any) -> dict[str, Any]:
    if parser not in PARSERS:
        raise ValueError(
            f"row_condition as text needs condition_parser: great_expectations, not {parser!r}; "
            f"or write {FORM}"
        )
    match = TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f'row_condition is none such as col("a") > 1 or col("a").notnull(); or write {FORM}')
    column = {"name": match["column"]}
    if match["given"]:
        return {"type": "nullity", "column": column, "is_null": False}
    number, words = match["number"], match["double"] if match["double"] is not None else match["single"]
    parameter = words if number is None else float(number) if set(number) & set(".eE") else int(number)
    return {"type": "comparison", "column": column, "operator": match["operator"], "parameter": parameter}


def _checked(value: Any, depth: int) -> dict[str, Any]:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind in ("and", "or") and depth < DEEPEST and set(value) == {"type", "conditions"}:
        parts = value["conditions"]
        if isinstance(parts, list | tuple) and 0 < len(parts) <= MOST:
            return {"type": kind, "conditions": [_checked(part, depth + 1) for part in parts]}
    elif (
        kind == "nullity"
        and set(value) == {"type", "column", "is_null"}
        and isinstance(value["is_null"], bool)
    ):
        return {"type": kind, "column": _column(value["column"]), "is_null": value["is_null"]}
    elif kind == "comparison" and set(value) == {"type", "column", "operator", "parameter"}:
        operator, parameter = value["operator"], value["parameter"]
        if operator in OPERATORS and _plain(parameter):
            return {**value, "column": _column(value["column"])}
        if operator in SETS and isinstance(parameter, list | tuple) and all(map(_plain, parameter)):
            return {**value, "column": _column(value["column"]), "parameter": list(parameter)}
    raise ValueError(f"row_condition has a part that is none: {str(value)[:80]}; write {FORM}")


def _column(value: Any) -> dict[str, str]:
    name = value.get("name") if isinstance(value, dict) and set(value) == {"name"} else value
    if not isinstance(name, str) or not re.fullmatch(r"\w+", name):
        raise ValueError(f"row_condition names no column: {str(value)[:80]}")
    return {"name": name}


def _plain(value: Any) -> bool:
    """Whether a value is a number, or text that needs no quoting: the engine writes it into a query."""
    if isinstance(value, str):
        return not set(value) & set("`'\"\\") and value.isprintable()
    return isinstance(value, bool | int) or (isinstance(value, float) and abs(value) < float("inf"))
