"""Values of a column as numbers and moments, from whatever type they have."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelworks.tasks.methods.encoders.tables.read_values import distinct, moments, numbers

NOON = dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("values", "read", "bad"),
    [
        (pa.array([" 1", "2.5 ", "-3e2", None]), [1, 2.5, -300, np.nan], []),
        (pa.array(["NA", "?", "n/a", "", "null", "-", "7"]), [np.nan] * 6 + [7], []),
        (pa.array(["1", "one", "1_000", "0x1"]), [1, np.nan, np.nan, np.nan], [1, 2, 3]),
        (pa.array([True, False, None]), [1, 0, np.nan], []),
        (pa.array([1, None, 2**40]), [1, np.nan, 2**40], []),
        (pa.array([dt.date(2024, 1, 1), None]), [np.nan, np.nan], [0]),
        (pa.array([dt.time(1, 30), None]), [5400, np.nan], []),
        (pa.array([90, None], pa.time32("s")), [90, np.nan], []),
        (pa.array([dt.timedelta(minutes=1), None], pa.duration("ns")), [60, np.nan], []),
        (pa.nulls(2), [np.nan, np.nan], []),
    ],
)
def test_numbers(values: pa.Array, read: list[float], bad: list[int]) -> None:
    found, wrong = numbers(values)
    np.testing.assert_array_equal(found, read)
    assert np.flatnonzero(wrong).tolist() == bad


@pytest.mark.parametrize(
    "value",
    [NOON, "2024-02-29T12:00:00Z", "2024-02-29 13:00+01:00", "2024-02-29T12:00"],
)
def test_the_same_moment_however_it_is_written(value: object) -> None:
    found, wrong = moments(pa.array([value, None]))
    np.testing.assert_array_equal(found, [NOON.timestamp(), np.nan])
    assert not wrong.any()


def test_what_is_no_date_is_said() -> None:
    found, wrong = moments(pa.array(["2024-02-30", "yesterday", "2024", "?", "2024-02-28"]))
    assert np.flatnonzero(wrong).tolist() == [0, 1, 2]
    assert np.isnan(found[:4]).all()
    assert found[4] == dt.datetime(2024, 2, 28, tzinfo=dt.UTC).timestamp()


def test_text_that_is_no_utf8_is_a_text_all_the_same() -> None:
    raw = pa.array([b"caf\xe9", b"tea", None], pa.binary()).view(pa.string())
    codes, texts = distinct(raw)
    assert codes.tolist() == [0, 1, -1]
    assert texts == ["caf�", "tea"]


@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))))
def test_numbers_written_as_text_are_those_numbers(values: list[float | None]) -> None:
    typed, _ = numbers(pa.array(values, pa.float64()))
    written, bad = numbers(
        pa.array([None if value is None else repr(value) for value in values], pa.string())
    )
    np.testing.assert_array_equal(typed, written)
    assert not bad.any()
