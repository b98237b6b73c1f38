"""Labels of any kind, and the columns of pred_probs that they belong to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

import labelworks as lw
from labelworks.flows.notebook.inputs.classes import coded
from labelworks.flows.notebook.inputs.columns import Matrix
from labelworks.schemas.errors import InputError


def probs(width: int, names: list[Any] | None = None) -> Matrix:
    return Matrix(np.full((3, width), 1 / width), names)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["b", "a", "c"], ["a", "b", "c"]),
        ([1, 0, 2], [0, 1, 2]),
        ([1.0, 0.0, 2.0], [0, 1, 2]),
        (np.array([1.0, 0, 2], np.float16), [0, 1, 2]),
        (pd.Series([1, 0, 2], dtype="Int8"), [0, 1, 2]),
        (pd.Series([1.0, 0, 2], dtype=object), [0, 1, 2]),
        (np.array(["b", "a", "c"]), ["a", "b", "c"]),
        (pd.Categorical(["b", "a", "c"], categories=["c", "b", "a"]), ["a", "b", "c"]),
        (["20", "10", "30"], ["10", "20", "30"]),
        ([Decimal(1), Decimal("0.0"), Decimal(2)], [0, 1, 2]),
        (np.array([2**60 + 1, 2**60, 2**60 + 2], object), [2**60, 2**60 + 1, 2**60 + 2]),
    ],
)
def test_labels_are_coded_in_sorted_order(labels: Any, classes: list[Any]) -> None:
    for given in (coded(labels), coded(labels, probs(3))):
        assert given.classes.tolist() == classes
        assert given.codes.tolist() == [1, 0, 2]
        assert given.named.tolist() == [classes[code] for code in (1, 0, 2)]


def test_columns_of_a_table_say_what_they_are_of() -> None:
    given = coded(["b", "a", "b"], probs(3, ["c", "b", "a"]))
    assert given.classes.tolist() == ["c", "b", "a"]
    assert given.codes.tolist() == [1, 2, 1]
    assert coded([5, 9, 5], probs(2, [9, 5])).codes.tolist() == [1, 0, 1]


def test_a_label_that_no_named_column_is_of_is_refused() -> None:
    with pytest.raises(InputError, match="row 2: label 'd' is none of the classes: 'a', 'b', 'c'"):
        coded(["b", "a", "d"], probs(3, ["a", "b", "c"]))


def test_columns_that_are_only_numbered_are_in_sorted_order() -> None:
    assert coded(["b", "a", "b"], probs(2, [0, 1])).classes.tolist() == ["a", "b"]


def test_classes_may_be_stated() -> None:
    given = coded(["b", "a", "b"], probs(3), ["c", "b", "a"])
    assert given.codes.tolist() == [1, 2, 1]


def test_whole_numbers_in_range_are_columns() -> None:
    assert coded([0, 2, 2], probs(4)).classes.tolist() == [0, 1, 2, 3]
    assert coded([1, 2, 3], probs(3)).classes.tolist() == [1, 2, 3]


def test_booleans_are_false_and_true() -> None:
    for labels in ([True, False, True], np.array([True, False, True]), [True, True, True]):
        given = coded(labels, probs(2))
        assert given.classes.tolist() == [False, True]
        assert given.named.tolist() == list(labels)


def test_categories_that_do_not_occur_count() -> None:
    labels = pd.Categorical(["b", "a", "b"], categories=["a", "b", "c"])
    assert coded(labels, probs(3)).classes.tolist() == ["a", "b", "c"]
    assert coded(labels, probs(2)).classes.tolist() == ["a", "b"]


def test_the_index_is_kept() -> None:
    assert list(coded(pd.Series(["a", "b"], index=[7, 3])).index) == [7, 3]


@pytest.mark.parametrize(
    ("labels", "width", "classes", "says"),
    [
        (["a", None, "b"], 2, None, "labels, row 1: no label given"),
        ([0, np.nan, 1], 2, None, "labels, row 1: no label given"),
        (pd.Series([0, None, 1], dtype="Int64"), 2, None, "labels, row 1: no label given"),
        ([0, 1.5, 1], 2, None, r"row 1: label 1.5 is no class\n.*find_regression_errors"),
        ([0, np.inf, 1], 2, None, "row 1: label inf"),
        (["a", 1, "b"], 2, None, "row 1: label 1 is of the type int"),
        ([["a"], ["b"], ["a"]], 2, None, "row 0.*\n.*find_multilabel_errors"),
        (["a", "b", "a"], 3, None, "2 classes .*3 columns\n.*classes="),
        ([1, 2, 5], 3, ["a", "b", "c"], "row 0: label 1 is none of the classes: 'a', 'b', 'c'"),
        ([-1, 0, 1], 2, None, "3 classes"),
        (["a", "b", "a"], 2, ["a", "a"], "named twice"),
        (["a", "b", "a"], 3, ["a", "b"], "2 classes, 3 columns"),
        (np.array([2**63, 1], np.uint64), 2, None, "row 0: label 9223372036854775808 is too large"),
        ([], 2, None, "no rows"),
    ],
)
def test_labels_that_fit_no_column_are_refused(labels: Any, width: int, classes: Any, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        coded(labels, probs(width), classes)
    assert caught.value.where
    assert caught.value.fix


def test_a_table_of_one_column_has_no_classes() -> None:
    with pytest.raises(InputError, match=r"shape \(3, 1\)"):
        coded(["a", "b", "a"], probs(1))


def test_probabilities_of_several_columns_of_one_name_are_refused() -> None:
    probs = pd.DataFrame(np.full((4, 2), 0.5), columns=["a", "a"])
    with pytest.raises(lw.InputError, match="several columns of pred_probs are called 'a'"):
        lw.find_label_errors(["a", "b"] * 2, probs)


def test_half_of_a_surrogate_pair_among_label_sets_names_the_row() -> None:
    with pytest.raises(lw.InputError, match="labels of row 1 has half of a surrogate pair"):
        lw.find_multilabel_errors([["a"], ["b", "\ud83d"]] * 2, features=np.eye(4))
