"""JSON line by line: what a block with a bad line is read by, so that the others are kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.types as types

from labelworks.tasks.sources.formats.base import UnreadableError
from labelworks.tasks.sources.values.columns import UNUSABLE
from labelworks.tasks.sources.values.text_spans import TEXT_SPAN

SPANS = pa.list_(TEXT_SPAN)  # what lists of [start, end, label] are read as, as doccano and spaCy write spans


class _BadLineError(Exception):
    """Why a line can't be used."""


class _Object(dict[str, Any]):
    """A JSON object that knows which of its keys it was given twice."""

    twice: frozenset[str] = frozenset()


def read_lines(block: bytes, schema: pa.Schema) -> pa.RecordBatch:
    """The columns of a schema, from lines; one that can't be read is null, with its reason under UNUSABLE."""
    columns: list[list[Any]] = [[] for _ in schema]
    reasons: list[str | None] = []
    for line in _lines(block):
        try:
            held = _parsed(line)
            row, reason = [_value(held, field) for field in schema], None
        except _BadLineError as error:
            row, reason = [None] * len(columns), str(error)
        for column, value in zip(columns, row, strict=True):
            column.append(value)
        reasons.append(reason)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(
        [*arrays, pa.array(reasons, pa.string())], names=[*schema.names, UNUSABLE]
    )


def inferred(block: bytes) -> pa.Schema:
    """Columns and types of lines some of which are bad; strings where values are of several types."""
    by_column: dict[str, list[Any]] = {}
    read = 0
    for line in _lines(block):
        try:
            held = _parsed(line)
        except _BadLineError:
            continue
        read += 1
        for name, value in held.items():
            by_column.setdefault(name, []).append(value)
    if not read:
        raise UnreadableError(
            "can't be read, it is corrupt or truncated (no line of its beginning is a JSON object)",
            "write one JSON object a line; of an array of them: jq -c '.[]' rows.json > rows.jsonl",
        )
    return pa.schema([pa.field(name, _type_of(values)) for name, values in by_column.items()])


def check_end(block: bytes) -> None:
    """Raise UnreadableError if the last line is a piece of one: the file was cut, and rows are missing."""
    if block.endswith(b"\n"):
        return
    try:
        json.loads(block.rpartition(b"\n")[2])
    except ValueError as error:
        raise UnreadableError(
            "can't be read, it is corrupt or truncated (it ends within a line)",
            "write the file again, or leave it out of the source",
        ) from error


def _type_of(values: list[Any]) -> pa.DataType:
    try:
        return pa.array(values).type
    except (pa.ArrowException, OverflowError):
        lists = [value for value in values if value]
        return SPANS if sum(map(_are_triples, lists)) * 2 > len(lists) else pa.string()


def _are_triples(value: Any) -> bool:
    """Whether a value is a list of [start, end, label]."""
    return isinstance(value, list) and all(
        isinstance(span, list) and list(map(type, span)) == [int, int, str] for span in value
    )


def _spans(triples: list[list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(TEXT_SPAN.names, triple, strict=True)) for triple in triples]


def _lines(block: bytes) -> Iterator[bytes]:
    return (line for line in block.split(b"\n") if line.strip())


def _parsed(line: bytes) -> _Object:
    """The object of a line; _BadLineError where it is none."""
    try:
        text = line.decode()
        held = json.loads(text, object_pairs_hook=_object)
    except UnicodeDecodeError as error:
        raise _BadLineError("the line is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise _BadLineError(f"the line is no JSON, from character {error.pos + 1} on") from error
    except (ValueError, RecursionError) as error:
        raise _BadLineError("the line is no JSON that can be read") from error
    if not isinstance(held, _Object):
        raise _BadLineError("the line is no JSON object")
    if "\\u" in text and _halved(held):
        raise _BadLineError(
            "the line has half of a surrogate pair (\\ud800 to \\udfff), which is no character"
        )
    return held


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    made = _Object(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        made.twice = frozenset(name for name in names if names.count(name) > 1)
    return made


def _halved(value: Any) -> bool:
    """Whether a string somewhere in it can't be written as UTF-8."""
    if isinstance(value, dict):
        return any(map(_halved, value)) or any(map(_halved, value.values()))
    if isinstance(value, list):
        return any(map(_halved, value))
    return isinstance(value, str) and any("\ud800" <= item <= "\udfff" for item in value)


def _value(held: _Object, field: pa.Field) -> Any:
    """The value of a column as its type has it; _BadLineError where it can't be."""
    if field.name in held.twice:
        raise _BadLineError(f"the key {field.name!r} is there twice")
    value: Any = held.get(field.name)
    if value is None:
        return None
    if types.is_string(field.type):
        return value if isinstance(value, str) else _written(value, field)
    if types.is_integer(field.type) and isinstance(value, float) and value.is_integer():
        value = int(value)
    if field.type == SPANS and _are_triples(value):
        value = _spans(value)
    if isinstance(value, bool) != types.is_boolean(field.type) and not types.is_nested(field.type):
        raise _unlike(value, field)
    try:
        return pa.scalar(value, field.type).as_py()
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise _unlike(value, field) from error


def _written(value: Any, field: pa.Field) -> str:
    """A number among strings, as text."""
    if isinstance(value, dict | list):
        raise _unlike(value, field)
    return json.dumps(value)


def _unlike(value: Any, field: pa.Field) -> _BadLineError:
    names = {str: "a string", bool: "a boolean", int: "a number", float: "a number", list: "a list"}
    kind = names.get(type(value), "an object")
    return _BadLineError(f"{field.name!r} is {kind} here, and {field.type} in the lines before")
