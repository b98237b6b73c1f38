"""Columns and matrices of every library are the same ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import datasets
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from labelworks.flows.notebook.inputs.columns import aligned, column, frame, matrix
from labelworks.schemas.errors import InputError

NAMES = ["b", "a", "b"]
ROWS = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
LISTED = pa.array(ROWS, pa.list_(pa.float32()))


def as_dataset(name: str, values: list[Any]) -> Any:
    return datasets.Dataset.from_dict({name: values})


@pytest.mark.parametrize(
    "made",
    [
        list, tuple, np.array, pd.Series, pd.Categorical, pd.Index, pl.Series, pa.array,
        lambda names: pd.Series(names, dtype="category"),
        lambda names: pd.Series(names, dtype="string"),
        lambda names: np.array(names, object),
        lambda names: pl.Series(names, dtype=pl.Categorical),
        lambda names: pa.chunked_array([names[:1], names[1:]]),
        lambda names: pa.array(names).dictionary_encode(),
        lambda names: as_dataset("label", names)["label"],
    ],
)  # fmt: skip
def test_a_column_is_one_of_any_library(made: Callable[[list[str]], Any]) -> None:
    assert list(column(made(NAMES), "labels")) == NAMES


@pytest.mark.parametrize(
    "made",
    [
        list, np.array, pd.DataFrame, lambda rows: pl.DataFrame(rows, orient="row"),
        lambda rows: pa.table(dict(zip("xy", np.array(rows).T.tolist(), strict=True))),
        lambda rows: as_dataset("x", [x for x, _ in rows]).add_column("y", [y for _, y in rows]),
        lambda rows: pd.DataFrame(rows, dtype="Float32"),
        lambda rows: LISTED,
        lambda rows: LISTED.cast(pa.list_(pa.float32(), 2)),
        lambda rows: pd.Series(rows),
        lambda rows: pd.Series([np.array(row, np.float16) for row in rows]),
        lambda rows: pl.Series(rows),
        lambda rows: as_dataset("vector", rows)["vector"],
        lambda rows: as_dataset("vector", rows),
        lambda rows: pd.DataFrame({"vector": rows}),
    ],
)  # fmt: skip
def test_a_matrix_is_one_of_any_library(made: Callable[[list[list[float]]], Any]) -> None:
    assert matrix(made(ROWS), "features").values.tolist() == ROWS


def test_an_array_is_not_copied() -> None:
    given = np.array(ROWS, np.float16)
    assert matrix(given, "features").values is given


def test_names_and_index_of_a_table_are_kept() -> None:
    found = matrix(pd.DataFrame(ROWS, columns=["x", "y"], index=[7, 8, 9]), "features")
    assert found.names == ["x", "y"]
    assert list(found.index) == [7, 8, 9]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ("abc", "type str"),
        (None, "missing"),
        (np.ones((2, 2)), r"shape \(2, 2\)"),
        (pd.DataFrame(ROWS), r"shape \(3, 2\)"),
        (7, "type int"),
    ],
)
def test_what_is_no_column_is_refused(values: Any, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        column(values, "labels")
    assert caught.value.where == "labels"
    assert "one value a row" in caught.value.fix


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (pd.DataFrame({"x": [1.0], "y": ["one"]}), "'y' of features holds"),
        (pd.Series([[1.0, 2.0], [3.0]]), "row 1 of features has 1 numbers, the first 2"),
        (pd.Series([[1.0, 2.0], None]), "row 1 of features has no vector"),
        ([["a", "b"]], "texts such as 'a'"),
        (pd.arrays.SparseArray([1.0, 0.0]).sp_values.tolist, "type"),
        ({"x": [1.0], "y": [1.0, 2.0]}, "'x' 1, 'y' 2"),
    ],
)
def test_what_is_no_matrix_is_refused(values: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        matrix(values, "features")


def test_a_sparse_matrix_is_refused_with_advice() -> None:
    from scipy.sparse import csr_array

    with pytest.raises(InputError, match="TruncatedSVD"):
        matrix(csr_array(np.eye(2)), "features")


def test_the_same_index_in_another_order_is_refused() -> None:
    with pytest.raises(InputError, match=r"reset_index\(drop=True\)"):
        aligned(pd.Index([2, 1]), pd.Index([1, 2]), "labels and pred_probs")
    aligned(pd.Index([2, 1]), pd.Index([0, 1]), "labels and pred_probs")  # other rows' names: by position
    aligned(pd.Index([2, 1]), None, "labels and pred_probs")


def test_a_frame_is_one_of_any_library() -> None:
    columns = {"x": [1, 2], "y": ["a", "b"]}
    for made in (dict, pd.DataFrame, pl.DataFrame, pa.table, datasets.Dataset.from_dict):
        assert frame(made(columns), "data").to_dict("list") == columns
    with pytest.raises(InputError, match="give a table"):
        frame(np.eye(2), "data")


HALF = ["fine", "cut \ud83d"]


@pytest.mark.parametrize(
    "made",
    [list, np.array, lambda values: pd.Series(values, dtype=object), lambda v: np.array(v, object)],
)
def test_a_text_with_half_of_a_surrogate_pair_is_named(made: Callable[[list[str]], Any]) -> None:
    with pytest.raises(InputError, match=r"texts has half of a surrogate pair \(\\ud83d\)") as said:
        column(made(HALF), "texts")
    assert said.value.where == "row 1"


@pytest.mark.parametrize("made", [dict, lambda columns: pd.DataFrame(columns, dtype=object)])
def test_a_table_with_half_of_a_surrogate_pair_names_row_and_column(made: Callable[[Any], Any]) -> None:
    with pytest.raises(InputError, match="column 'text' of data has half of a surrogate pair") as said:
        frame(made({"number": [1, 2], "text": HALF}), "data")
    assert said.value.where == "row 1"


@pytest.mark.parametrize("values", [{"a", "b"}, frozenset("ab"), iter(["a", "b"]), None, "ab"])
def test_what_has_no_order_or_can_be_read_once_alone_is_no_column(values: Any) -> None:
    with pytest.raises(InputError, match="labels is"):
        column(values, "labels")
