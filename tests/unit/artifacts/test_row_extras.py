"""Columns of vectors beside the features: as raw bytes in the index, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from labelworks.tasks.artifacts.row_extras import pair_vectors, read_pairs
from labelworks.tasks.sources.column_roles import problem
from labelworks.tasks.sources.columns import Columns

LISTS: list[Any] = [[1, 2], None, [3, 4], [5, None], [6, 7]]
FLOATS = [[1.0, 2.0], None, [np.inf, 4.0], [5.0, np.nan], [6.0, 7.0]]


@pytest.mark.parametrize("width", [-1, 2])
@pytest.mark.parametrize("number", [pa.float16(), pa.float32(), pa.float64()])
def test_pairs_come_back_and_bad_ones_are_none(width: int, number: pa.DataType) -> None:
    column = pa.array(FLOATS, pa.list_(pa.float32(), width)).cast(pa.list_(number, width))
    for start in (0, 1):
        found = pair_vectors(pa.chunked_array([read_pairs(column.slice(start))]), 2)
        expected = np.array([[1, 2], [np.nan] * 2, [np.nan] * 2, [np.nan] * 2, [6, 7]])[start:]
        np.testing.assert_array_equal(found, expected)


def test_another_length_is_none_and_integers_are_numbers() -> None:
    column = pa.chunked_array([read_pairs(pa.array([*LISTS, [8], []], pa.large_list(pa.int64())))] * 2)
    found = pair_vectors(column.slice(2), 2)
    assert np.isnan(found).all(axis=1).tolist() == [0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1, 1]
    assert found[5].tolist() == [1, 2]
    assert np.isnan(pair_vectors(column, 3)).all()
    assert pair_vectors(column.slice(0, 0), 3).shape == (0, 3)


@pytest.mark.parametrize(("column", "said"), [("txt", "pair needs lists of numbers"), ("txd", "mean 'txt'")])
def test_a_column_that_is_no_pair_is_refused(column: str, said: str) -> None:
    schema = pa.schema({"v": pa.list_(pa.float32()), "label": pa.string(), "txt": pa.string()})
    asked = Columns("vector", ("v",), label="label", pair=column)
    assert said in str(problem(schema, "a.parquet", asked, "source"))
    assert problem(schema, "a.parquet", asked, "target") is None
