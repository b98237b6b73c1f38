"""Labels by name, and other arrays without numbers, given to functions that take numbers."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.arrays import class_codes, evenly, far_from_zero, numbers
from labelworks.tasks.methods.crowd import aggregate
from labelworks.tasks.methods.duplicates.conflicts import duplicate_conflicts
from labelworks.tasks.methods.label_shift import estimate_prior
from labelworks.tasks.methods.multilabel import detect_multilabel
from labelworks.tasks.methods.noise import detect
from labelworks.tasks.methods.noise.label_propagation import propagate
from labelworks.tasks.methods.open_set.estimate import open_set
from labelworks.tasks.methods.open_set.out_of_scope import out_of_scope
from labelworks.tasks.methods.open_set.separation import linear_separation
from labelworks.tasks.methods.regression.detect import detect_regression

PROBS = np.tile([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]], (20, 1))
FEATURES = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
NAMES = list("abc") * 20
CODES = np.arange(60) % 3
NEAR = (np.arange(60)[:, None] + [3, 6]) % 60
Call = Callable[[Any], Any]
BY_CLASS: dict[str, Call] = {
    "detect": lambda labels: detect(labels, PROBS),
    "a method": lambda labels: detect(labels, PROBS, features=FEATURES, method="mahalanobis"),
    "estimate_prior": lambda labels: estimate_prior(labels, PROBS, PROBS),
    "out_of_scope": lambda labels: out_of_scope(labels, PROBS, FEATURES),
    "duplicate_conflicts": lambda labels: duplicate_conflicts(labels, FEATURES),
    "propagate": lambda labels: propagate(labels, NEAR, classes=3),
    "open_set": lambda labels: open_set(labels, PROBS, PROBS, FEATURES[:, 0], FEATURES[:, 0]),
}


@pytest.mark.parametrize("make", [list, np.array, pd.Series, lambda names: np.array(names, object)])
@pytest.mark.parametrize("name", BY_CLASS)
def test_names_for_labels_are_refused_with_what_to_give(name: str, make: Call) -> None:
    with pytest.raises(InputError, match=r"labels holds texts such as 'a'") as caught:
        BY_CLASS[name](make(NAMES))
    assert "np.unique(labels, return_inverse=True)" in caught.value.fix


@pytest.mark.parametrize("name", ["detect", "estimate_prior", "duplicate_conflicts", "propagate"])
def test_columns_of_pandas_and_lists_are_fine(name: str) -> None:
    for labels in (CODES.tolist(), pd.Series(CODES), CODES.astype(object)):
        BY_CLASS[name](labels)


@pytest.mark.parametrize(
    "call",
    [
        lambda: detect(CODES, PROBS.astype(str)),
        lambda: detect([["a"], ["b", "c"]], PROBS[:2]),
        lambda: detect(np.array(["2026-01-01"] * 60, "datetime64[D]"), PROBS),
        lambda: estimate_prior(CODES, PROBS.astype(str), PROBS),
        lambda: out_of_scope(CODES, PROBS, FEATURES.astype(str)),
        lambda: duplicate_conflicts(CODES, FEATURES.astype(str)),
        lambda: linear_separation(NAMES, FEATURES),
        lambda: detect_regression(NAMES, PROBS[:, 0]),
        lambda: detect_regression(PROBS[:, 0], NAMES),
        lambda: detect_multilabel([["a"], ["b", "c"], []], PROBS[:3]),
        lambda: detect_multilabel(["ab", "c", "a"], PROBS[:3]),
        lambda: detect_multilabel([0, 1, 2], PROBS[:3]),
        lambda: detect_multilabel([[0, "b"], [], []], PROBS[:3]),
        lambda: detect_multilabel([[0, 1.5], [], []], PROBS[:3]),
        lambda: detect_multilabel(np.array([["a", "b", "c"]] * 3), PROBS[:3]),
        lambda: detect_multilabel([[0], [1], [2]], PROBS[:3].astype(str)),
        lambda: class_codes([0.0, 1.5]),
        lambda: class_codes([0, -1]),
        lambda: class_codes([[0], [1]]),
        lambda: numbers([[1], [1, 2]], "features"),
        lambda: aggregate(pd.DataFrame({"item": [1], "annotator": ["x"], "answer": [None]})),
    ],
)
def test_whatever_is_no_number_is_an_input_error(call: Callable[[], Any]) -> None:
    with pytest.raises(InputError):
        call()


def test_numbers_in_whatever_form_are_numbers() -> None:
    assert detect_regression(pd.Series([1.0, 2, 3]), [1, 2, 3]).flag.tolist() == [False] * 3
    assert not detect(np.array([True, False] * 20), np.tile([[0.1, 0.9], [0.9, 0.1]], (20, 1))).flag.any()
    lists = detect_multilabel([[0], [1, 2], []], PROBS[:3])
    matrix = detect_multilabel(sparse.csr_array(np.array([[1, 0, 0], [0, 1, 1], [0, 0, 0]])), PROBS[:3])
    np.testing.assert_array_equal(lists.score, matrix.score)


@pytest.mark.parametrize(("rows", "limit", "taken"), [(0, 5, 0), (5, 5, 5), (6, 5, 3), (11, 5, 4), (1, 5, 1)])
def test_rows_are_taken_evenly(rows: int, limit: int, taken: int) -> None:
    assert len(range(rows)[evenly(rows, limit)]) == taken


@pytest.mark.parametrize("kind", [np.matrix, np.ma.array])
def test_arrays_of_odd_kinds_are_plain_ones(kind: Callable[[Any], Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        assert type(numbers(kind(PROBS), "features")) is np.ndarray
    masked = numbers(np.ma.array([[1, 2], [3, 4]], mask=[[0, 1], [0, 0]]), "features")
    np.testing.assert_array_equal(masked, [[1, np.nan], [3, 4]])


def test_vectors_among_numbers_are_refused() -> None:
    mixed = np.empty((1, 2), object)
    mixed[0] = [np.ones(3), 1.0]
    with pytest.raises(InputError, match="lists or arrays among single values"):
        numbers(mixed, "features")


def test_columns_that_vary_little_far_from_zero_are_known() -> None:
    rows = np.random.default_rng(0).normal([0, 1e6, 3], size=(50, 3))
    middle = far_from_zero(rows)
    assert middle[[0, 2]].tolist() == [0, 0]
    assert abs(middle[1] - 1e6) < 3
    assert far_from_zero(rows[:0]).tolist() == [0, 0, 0]
