"""What is counted without the library is what the library would have said."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from labelworks.schemas.config.run import GateConfig
from labelworks.schemas.suites import Expectation, suites
from labelworks.tasks.gates import check_rows
from labelworks.tasks.gates.checks import judged_by_library, row_check
from labelworks.tasks.gates.plain import passing
from tests.support.own_expectations import own

NUMBERS = st.one_of(
    st.lists(st.none() | st.floats(width=32), max_size=6).map(lambda found: pa.array(found, pa.float32())),
    st.lists(st.none() | st.integers(-3, 3), max_size=6).map(lambda found: pa.array(found, pa.int32())),
)
WORDS = st.lists(st.none() | st.sampled_from(["a", "b", "c"]), max_size=6).map(
    lambda found: pa.array(found, pa.string())
)
MOSTLY = st.sampled_from([{}, {"mostly": 0.5}])
BOUNDS = st.sampled_from([-1, 0, 0.5, 1, None])


def expectations() -> st.SearchStrategy[tuple[Any, Expectation]]:
    def made(kind: str, **kwargs: Any) -> Expectation:
        given = {name: value for name, value in kwargs.items() if value is not None}
        return Expectation(name="asked", expectation=kind, column="x", kwargs=given)

    between = st.builds(
        lambda low, high, strict_min, strict_max, more: made(
            "expect_column_values_to_be_between", min_value=low, max_value=high,
            strict_min=strict_min, strict_max=strict_max, **more,
        ),
        BOUNDS, st.sampled_from([0, 1, 2.5]), st.booleans(), st.booleans(), MOSTLY,
    )  # fmt: skip
    null = st.builds(lambda more: made("expect_column_values_to_not_be_null", **more), MOSTLY)
    among = st.builds(
        lambda words, more: made("expect_column_values_to_be_in_set", value_set=words, **more),
        st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, unique=True), MOSTLY,
    )  # fmt: skip
    return st.one_of(st.tuples(NUMBERS, between | null), st.tuples(WORDS, among | null))


@given(expectations())
def test_a_plain_pass_is_the_verdict_of_the_library(case: tuple[Any, Expectation]) -> None:
    values, asked = case
    frame = pa.table({"x": values})
    found = passing(frame, asked)
    (judged,) = judged_by_library(frame, [asked])
    if found is not None:
        assert row_check(asked, found) == row_check(asked, judged)
    else:  # never left to the library where every row passes, but for NaN, which is neither
        assert judged.failed or judged.fault or values.null_count or "nan" in str(values.to_pylist())


@given(WORDS)
def test_own_expectations_are_judged_beside_shipped_ones(words: Any) -> None:
    length = own("expect_column_value_lengths_to_equal", "id", {"value": 1})
    frame = pa.table({"id": words, "label": words})
    checks = check_rows(frame, suites("ingest", GateConfig(expectations=[length])).rows)
    assert [check.ok for check in checks] == [not words.null_count] * 2 + [True]
