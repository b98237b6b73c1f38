"""Rows that plainly pass: counted where they lie, so that the library is only asked about the others."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.suites import Expectation
from labelworks.tasks.gates.engine import Outcome

NUMBERS = (int, float)


def passing(frame: pa.Table, each: Expectation) -> Outcome | None:
    """The outcome of an expectation that every row of a column meets; None: the library has to judge.

    That is the case if a row may fail, and for whatever is not the shape of the shipped expectations.
    """
    known = _KNOWN.get(each.expectation)
    if known is None or each.column is None or frame.column_names.count(each.column) != 1:
        return None
    values = frame[each.column]
    if pa.types.is_floating(values.type) and pc.any(pc.is_nan(values)).as_py():
        return None
    rows = known(values, each)
    return None if rows is None else Outcome(ok=True, rows=rows, failed=0)


def _not_null(values: pa.ChunkedArray, each: Expectation) -> int | None:
    return None if each.kwargs.keys() - {"mostly"} or values.null_count else len(values)


def _between(values: pa.ChunkedArray, each: Expectation) -> int | None:
    """How many values there are, if all lie within the bounds, which are closed unless they are strict."""
    kwargs, kind = each.kwargs, values.type
    numbers = pa.types.is_integer(kind) or pa.types.is_floating(kind)
    bounds = [kwargs.get("min_value"), kwargs.get("max_value")]
    known = {"min_value", "max_value", "strict_min", "strict_max", "mostly"}
    if not numbers or kwargs.keys() - known or bounds == [None, None]:
        return None
    if any(bound is not None and type(bound) not in NUMBERS for bound in bounds):
        return None
    low, high = bounds
    if low is not None and high is not None and low > high:  # a mistake, which the library names
        return None
    ends = pc.min_max(values).as_py()
    if ends["min"] is None:
        return 0
    above = low is None or (ends["min"] > low if kwargs.get("strict_min") else ends["min"] >= low)
    below = high is None or (ends["max"] < high if kwargs.get("strict_max") else ends["max"] <= high)
    return len(values) - values.null_count if above and below else None


def _in_set(values: pa.ChunkedArray, each: Expectation) -> int | None:
    wanted = each.kwargs.get("value_set")
    if each.kwargs.keys() - {"value_set", "mostly"} or not isinstance(wanted, list | tuple):
        return None
    if not pa.types.is_string(values.type) or not all(isinstance(value, str) for value in wanted):
        return None
    distinct = pc.unique(values).drop_null()
    return len(values) - values.null_count if set(distinct.to_pylist()) <= set(wanted) else None


_KNOWN = {
    "expect_column_values_to_not_be_null": _not_null,
    "expect_column_values_to_be_between": _between,
    "expect_column_values_to_be_in_set": _in_set,
}
SHIPPED = frozenset(
    {*_KNOWN, "expect_column_pair_values_to_be_equal"}
)  # of which the library isn't asked what they are
