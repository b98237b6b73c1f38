"""Numbers that stand as text in a file: which of them are numbers, and which only look like some."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

# As programs write numbers: 007 is a name, and so is +49. More digits than these don't fit.
WHOLE = r"^(0|-?[1-9][0-9]{0,17})$"
CLASS = r"^(0|-?[1-9][0-9]{0,14})\.0$|" + WHOLE  # 2.0: whole numbers among which pandas saw empty cells
NUMBER = r"^[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?$"
BOOLEAN = r"^(true|false|True|False|TRUE|FALSE)$"
READ = NUMBER + r"|^(?i:[-+]?inf(inity)?|nan)$"


def label_type(values: pa.Array) -> pa.DataType:
    """int64 if all labels (N,), strings, are written as whole numbers, else string; null if there is none."""
    return _type_of(values, ((CLASS, pa.int64()),))


def value_type(values: pa.Array) -> pa.DataType:
    """int64 or float64 if all values (N,), strings, are written as such numbers, else string; or null."""
    return _type_of(values, ((WHOLE, pa.int64()), (NUMBER, pa.float64())))


def number_type(values: pa.Array) -> pa.DataType:
    """float64 if most values (N,), strings, are numbers; bool if all are truths; else string; or null."""
    there = pc.ascii_trim_whitespace(values.drop_null())
    if len(there) and 2 * pc.sum(_match(there, READ)).as_py() > len(there):
        return pa.float64()
    return _type_of(there, ((BOOLEAN, pa.bool_()),))


def _type_of(values: pa.Array, patterns: tuple[tuple[str, pa.DataType], ...]) -> pa.DataType:
    there = values.drop_null()
    if not len(there):
        return pa.null()
    return next((kind for pattern, kind in patterns if pc.all(_match(there, pattern)).as_py()), pa.string())


def as_number(values: pa.Array, kind: pa.DataType, pattern: str) -> tuple[pa.Array, pa.Array]:
    """Numbers (N,) of that type and which values (N,) are none; those are null. values: strings."""
    trimmed = pc.ascii_trim_whitespace(values)
    try:
        return trimmed.cast(kind), pa.repeat(pa.scalar(False), len(values))
    except pa.ArrowInvalid:
        bad = pc.fill_null(pc.invert(_match(trimmed, pattern)), False)
        return pc.if_else(bad, pa.scalar(None, trimmed.type), trimmed).cast(kind), bad


def as_class(values: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Whole numbers (N,) of labels that are strings, and which of them (N,) are none; those are null."""
    return as_number(pc.replace_substring_regex(values, r"^(-?[0-9]+)\.0$", r"\1"), pa.int64(), WHOLE)


def _match(values: pa.Array, pattern: str) -> pa.Array:
    return pc.match_substring_regex(values, pattern)
