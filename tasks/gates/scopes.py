"""What an expectation has to see of the rows, so that partitions can be added up."""

from __future__ import annotations

from typing import Literal

from labelworks.schemas.suites import Expectation, Suite
from labelworks.tasks.gates import engine
from labelworks.tasks.gates.plain import SHIPPED

Scope = Literal["rows", "sums", "distinct", "common", "unique", "schema", "sample"]
UNIQUE = {
    "expect_column_values_to_be_unique": "any_value_is_missing",
    "expect_compound_columns_to_be_unique": "all_values_are_missing",
}
OF_DISTINCT = {
    "expect_column_distinct_values_to_be_in_set", "expect_column_distinct_values_to_contain_set",
    "expect_column_distinct_values_to_equal_set",
}  # fmt: skip
COMMON = "expect_column_most_common_value_to_be_in_set"
NOT_BY_ROW = {"expect_column_value_z_scores_to_be_less_than", "expect_column_values_to_not_be_outliers"}
OF_SCHEMA = {"table.columns", "table.column_count", "table.column_types"}
OF_MOMENTS = {
    "column.min", "column.max", "column.sum", "column.mean", "column.standard_deviation",
    "column.non_null_count", "column.non_null_proportion",
}  # fmt: skip
OF_VALUES = {"column.value_counts", "column.distinct_values.count", "column.unique_proportion"}
OF_SUMS = OF_MOMENTS | OF_VALUES | {"table.row_count"}


def scope(each: Expectation) -> Scope:
    """What an expectation has to see of the rows, so that partitions can be added up.

    rows: each by itself. sums, distinct, common, unique: counts and sums that merge. schema: the columns.
    sample: rows drawn at random, where nothing merges, or where a condition chooses rows.
    """
    if each.expectation in SHIPPED:
        return "rows"
    kind, needs = engine.kind_of(each.expectation)
    if needs and needs <= OF_SCHEMA:
        return "schema"
    if kind == "map" and each.expectation not in {*UNIQUE, *NOT_BY_ROW}:
        return "rows"
    if "row_condition" in each.kwargs:
        return "sample"
    if each.expectation in UNIQUE:
        return "unique"
    if each.expectation in OF_DISTINCT:
        return "distinct"
    if each.expectation == COMMON:
        return "common"
    return "sums" if needs and needs <= OF_SUMS else "sample"


def looks_at_values(each: Expectation) -> bool:
    """Whether it asks how often each value of its columns occurs."""
    where = scope(each)
    return where in ("distinct", "common", "unique") or (
        where == "sums" and bool(engine.kind_of(each.expectation)[1] & OF_VALUES)
    )


def by_row(each: Expectation) -> bool:
    """Whether it is about each row by itself: then a partition's rows are judged where they are."""
    return scope(each) == "rows"


def rowwise(suite: Suite) -> Suite:
    """The part of a suite that is about single rows."""
    return suite.with_expectations(filter(by_row, suite.expect))
