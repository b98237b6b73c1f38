"""Expectations about whole columns: over partitions the verdict is the library's on all rows at once."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelworks.schemas.suites import Expectation, Suite
from labelworks.tasks.gates import GatedRows, check_whole, digest, engine
from labelworks.tasks.gates.checks import judged_by_library
from labelworks.tasks.gates.scopes import scope

RNG = np.random.default_rng(0)
ROWS = 700
TABLE = pa.table(
    {
        "x": pa.array([None if each < 0.1 else each * 7 for each in RNG.random(ROWS)]),
        "k": RNG.integers(0, 5, ROWS),
        "s": pa.array(RNG.choice(["a", "b", "c"], ROWS)).dictionary_encode(),
        "u": [f"u{place}" for place in range(ROWS)],
        "w": RNG.random(ROWS).astype(np.float32),
        "b": RNG.random(ROWS) < 0.5,
    }
)


def asked(kind: str, column: str | None = None, **kwargs: Any) -> Expectation:
    return Expectation(name="asked", expectation=kind, column=column, kwargs=kwargs)


def over(table: pa.Table, expectation: Expectation, size: int = 100) -> Any:
    parts = [table.slice(start, size) for start in range(0, table.num_rows, size)]

    def read(place: int, names: list[str]) -> GatedRows:
        kept = [name for name in names if name in table.column_names]
        return GatedRows(parts[place].select(kept), (table.schema,), str(place))

    suite = Suite(columns=(), expect=(expectation,))
    (check,) = check_whole("ingest", suite, range(len(parts)), read)
    return pickle.loads(pickle.dumps(check))


EXPECTATIONS = [
    asked("expect_column_mean_to_be_between", "x", min_value=3, max_value=4),
    asked("expect_column_mean_to_be_between", "k", max_value=1.5),
    asked("expect_column_mean_to_be_between", "s", max_value=1.5),
    asked("expect_column_stdev_to_be_between", "x", min_value=2),
    asked("expect_column_min_to_be_between", "x", min_value=0.7, strict_min=True),
    asked("expect_column_max_to_be_between", "x", max_value=6),
    asked("expect_column_sum_to_be_between", "k", max_value=2000),
    asked("expect_table_row_count_to_equal", value=ROWS),
    asked("expect_table_row_count_to_be_between", min_value=ROWS + 1),
    asked("expect_column_proportion_of_non_null_values_to_be_between", "x", min_value=0.95),
    asked("expect_column_unique_value_count_to_be_between", "k", min_value=5, max_value=5),
    asked("expect_column_proportion_of_unique_values_to_be_between", "x", min_value=1),
    asked("expect_column_values_to_be_unique", "u"),
    asked("expect_column_values_to_be_unique", "k", mostly=0.5),
    asked("expect_compound_columns_to_be_unique", column_list=["k", "u"]),
    asked("expect_compound_columns_to_be_unique", column_list=["k", "s"]),
    asked("expect_column_distinct_values_to_be_in_set", "s", value_set=["a", "b"]),
    asked("expect_column_distinct_values_to_equal_set", "s", value_set=["a", "b", "c"]),
    asked("expect_column_distinct_values_to_contain_set", "k", value_set=[4, 9]),
    asked("expect_column_most_common_value_to_be_in_set", "s", value_set=["a", "b", "c"], ties_okay=True),
    asked("expect_column_median_to_be_between", "x", max_value=3),
    asked("expect_column_value_z_scores_to_be_less_than", "x", threshold=1.5, double_sided=True),
    asked("expect_column_to_exist", "y"),
    asked("expect_table_column_count_to_equal", value=6),
    asked("expect_table_columns_to_match_set", column_set=["x", "k"], exact_match=True),
    asked("expect_priors_within", "s", priors={"a": 0.3, "b": 0.3, "c": 0.4}, total_variation=0.1),
    asked("expect_priors_within", "s", priors={"a": 0.5, "b": 0.5}),
    asked("expect_noise_rate_between", "w", min_value=0.45, max_value=0.55),
    asked("expect_effective_sample_size", "w", min_share=0.8),
]


@pytest.mark.parametrize("expectation", EXPECTATIONS, ids=lambda each: f"{each.expectation}-{each.column}")
def test_partitions_are_judged_as_the_whole_is(expectation: Expectation) -> None:
    assert scope(expectation) != "rows"
    check = over(TABLE, expectation)
    (whole,) = judged_by_library(TABLE, [expectation], every=True)
    assert check.ok == whole.ok
    if whole.failed is not None:
        assert check.observed == f"{whole.failed:,} of {whole.rows:,} rows fail"
    assert check.observed not in ("None", "")


@given(st.lists(st.none() | st.floats(-1e3, 1e3), max_size=40), st.integers(1, 7))
def test_moments_of_parts_are_those_of_all(values: list[float | None], size: int) -> None:
    column = pa.chunked_array([pa.array(values, pa.float64())])
    parts = [digest.moments(column.slice(start, size)) for start in range(0, len(values), size)]
    found = sum(parts, digest.ColumnMoments())
    there = np.array([each for each in values if each is not None])
    assert found.count == len(there)
    if len(there):
        assert (found.low, found.high) == (there.min(), there.max())
        assert found.mean == pytest.approx(there.mean(), abs=1e-9)
    if len(there) > 1:
        assert found.deviation == pytest.approx(there.std(ddof=1), abs=1e-6)


def test_what_is_kept_is_bounded_and_says_that_it_is_a_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "MOST_VALUES", 1000)
    monkeypatch.setattr(digest, "SAMPLED_ROWS", 500)
    rows = 20_000
    ids = [f"id {place % 19_000}" for place in range(rows)]
    table = pa.table({"id": ids, "x": np.arange(rows, dtype=np.float64)})
    parts = [table.slice(start, 1000) for start in range(0, rows, 1000)]
    values = sum(
        (digest.values(part, ["id"], "any_value_is_missing", ["id 7"]) for part in parts[1:]),
        digest.values(parts[0], ["id"], "any_value_is_missing", ["id 7"]),
    )
    assert values.counts.num_rows <= 1001
    assert "id 7" in values.counts["value"].to_pylist()
    check = over(table, asked("expect_column_unique_value_count_to_be_between", "id", max_value=10_000), 1000)
    assert not check.ok and "by 1 in 32 of the different values" in check.observed
    told = float(check.observed.split(", by")[0].replace(",", ""))
    assert told == pytest.approx(19_000, rel=0.15)
    check = over(
        table, asked("expect_column_median_to_be_between", "x", min_value=8_000, max_value=12_000), 1000
    )
    assert check.ok and "of 500 rows drawn at random" in check.observed
    check = over(table, asked("expect_column_values_to_be_unique", "id"), 1000)
    assert not check.ok


def test_a_column_that_some_files_lack_fails_in_words() -> None:
    check = over(TABLE, asked("expect_column_max_to_be_between", "price", max_value=1))
    assert not check.ok and 'no column "price"' in check.observed


def test_every_core_expectation_is_placed_and_each_by_row_merges_by_counts() -> None:
    placed = {name: scope(asked(name)) for name in engine.types()}
    assert len(placed) > 55 and set(placed.values()) >= {"rows", "sums", "sample", "schema", "unique"}
    assert placed["expect_column_values_to_match_regex"] == "rows"
    assert scope(asked("expect_column_max_to_be_between", "x", row_condition={"type": "and"})) == "sample"
