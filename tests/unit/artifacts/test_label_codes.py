"""Given labels as numbers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from labelworks.tasks.artifacts.label_codes import encode_labels, label_sets, label_type_of, spelled

SETS = pa.chunked_array([[["a", "c"], []], [["c", "a", "a"], ["c"], ["b", "c"], ["a", "b", "c"]]])


def test_labels_become_places_in_the_list_of_classes() -> None:
    labels = pa.chunked_array([["b", "a"], ["c"]])
    assert encode_labels(labels, ("c", "b", "a")).tolist() == [1, 2, 0]


def test_lists_become_rows_of_a_binary_matrix() -> None:
    found = label_sets(SETS.cast(pa.list_(pa.string())), ("c", "b", "a"))
    expected = [[1, 0, 1], [0, 0, 0], [1, 0, 1], [1, 0, 0], [1, 1, 0], [1, 1, 1]]
    assert found.toarray().tolist() == expected


def test_equal_sets_have_one_code_wherever_their_classes_stand() -> None:
    lists = SETS.cast(pa.list_(pa.string()))
    codes = encode_labels(lists, ("c", "b", "a"))
    assert codes.dtype == np.int32
    assert codes[0] == codes[2]
    assert len(set(codes.tolist())) == 5
    np.testing.assert_array_equal(codes, encode_labels(lists, ("a", "b", "more", "c")))


def test_numbers_are_no_classes() -> None:
    assert encode_labels(pa.chunked_array([[0.5], [2.0, -1.0]]), ()).tolist() == [0, 0, 0]


def test_classes_alone_say_how_labels_are_kept() -> None:
    assert label_type_of((2, 1)) == "int"
    assert label_type_of(("1", 2)) == label_type_of((True, 0)) == "string"
    assert spelled(("2", 1), "int") == (2, 1)
    assert spelled(("2", 1), "string") == ("2", "1")
