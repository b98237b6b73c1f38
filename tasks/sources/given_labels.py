"""Given labels as a file's column has them, in the one type that a run keeps them in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as types

from labelworks.schemas.arrow_types import is_text
from labelworks.tasks.sources.values.numerals import as_class

LEAST_ROWS = 2  # a class has on average: of one row nothing can be held out
EXACT = 2**53  # whole numbers up to here are floats of their own
NO_WHOLE = "label is no whole number, as the other classes are"
PART = "label has a fraction: classes are whole numbers or strings"
NO_NAME = "has a fraction or is too large for a whole number: write it as a string"
LARGE = "label is a number too large to be a class: write it as a string"


def read_labels(values: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.Array]:
    """Labels (N,) in the type of the run's, and why a row's can't be read (N,), null where it can.

    values: plain ones that fit the task (`column_roles.fits`). Whole numbers that are floats are classes,
    NaN is none; where numbers are asked for they are rounded to float64.
    """
    nothing = pa.nulls(len(values), pa.string())
    if types.is_null(values.type):
        return values.cast(kind), nothing
    if types.is_floating(kind):
        return values.cast(kind, safe=False), nothing
    if types.is_list(kind):
        return _of_lists(values)
    if not types.is_integer(kind):
        if not (types.is_floating(values.type) or types.is_decimal(values.type)):
            return values.cast(kind), nothing
        whole, reasons = _whole(values)
        return whole.cast(kind), reasons
    if is_text(values.type):
        classes, bad = as_class(values)
        return classes, _said(bad, NO_WHOLE)
    return _whole(values)


def read_names(values: pa.Array, role: str) -> tuple[pa.Array, pa.Array]:
    """Names (N,) of rows, items, people or bags as strings, and why a row's can't be read (N,), else null.

    values: plain ones that fit an id (`column_roles.fits`). Floats are those of whole numbers, NaN is none.
    role: what is named, for the reasons.
    """
    if not (types.is_floating(values.type) or (types.is_decimal(values.type) and values.type.scale)):
        return values.cast(pa.string()), pa.nulls(len(values), pa.string())
    whole, reasons = _whole(values)
    return whole.cast(pa.string()), _said(pc.is_valid(reasons), f"{role} {NO_NAME}")


def _whole(values: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Numbers as int64; those that have a fraction or are too large are null, with the reason."""
    if types.is_integer(values.type):
        large = (
            pc.fill_null(pc.greater(values, pa.scalar(2**63 - 1, pa.uint64())), False)
            if (values.type == pa.uint64())
            else pa.repeat(pa.scalar(False), len(values))
        )
        return _without(values, large).cast(pa.int64()), _said(large, LARGE)
    floats = values.cast(pa.float64(), safe=False)
    there = pc.if_else(pc.is_nan(floats), pa.scalar(None, pa.float64()), floats)
    large = pc.fill_null(pc.greater(pc.abs(there), EXACT), False)
    part = pc.and_(pc.fill_null(pc.not_equal(there, pc.floor(there)), False), pc.invert(large))
    reasons = pc.coalesce(_said(large, LARGE), _said(part, PART))
    return _without(there, pc.or_(large, part)).cast(pa.int64()), reasons


def _of_lists(values: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Lists of classes as lists of strings; a row with a class that can't be read is null."""
    lengths = np.asarray(pc.fill_null(pc.list_value_length(values), 0).to_numpy(zero_copy_only=False))
    flat, reasons = values.flatten(), np.full(len(values), None, object)
    if types.is_floating(flat.type) or types.is_decimal(flat.type):
        flat, said = _whole(flat)
        rows = np.repeat(np.arange(len(values)), lengths)
        reasons[rows[pc.is_valid(said).to_numpy(zero_copy_only=False)]] = said.drop_null().to_numpy(
            zero_copy_only=False
        )
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))
    gone = pc.is_null(values)
    lists = pa.ListArray.from_arrays(offsets, flat.cast(pa.string()), mask=gone)
    return lists, pa.array(reasons, pa.string())


def _without(values: pa.Array, bad: pa.Array) -> pa.Array:
    return pc.if_else(bad, pa.scalar(None, values.type), values)


def _said(bad: pa.Array, reason: str) -> pa.Array:
    return pc.if_else(bad, pa.scalar(reason), pa.scalar(None, pa.string()))


def common_family(typed: Sequence[str], written: Sequence[str]) -> str:
    """How the labels of a run are kept, one of LABEL_TYPES.

    typed, written: how those of each file would be (null: it has none), of files with types of their own, and
    of those whose labels are read as they stand, which can be kept as strings whatever they look like.
    """
    known = [family for family in typed if family != "null"]
    if known:
        return max(sorted(set(known)), key=known.count)
    others = set(written) - {"null"}
    return others.pop() if len(others) == 1 else "string"
