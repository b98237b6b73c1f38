"""Labels are read by the names that a mapping gives them, whatever their type."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from labelworks.tasks.sources.class_mapping import ASIDE, ClassMapping

NAMES = st.sampled_from("abcde")


def test_strings_and_whole_numbers_get_new_names_and_keep_their_type() -> None:
    mapping = ClassMapping({"a": "b", "c": None})
    labels, reasons, old = mapping.read(pa.array(["a", "b", "c", None, "d"]))
    assert labels.to_pylist() == ["b", "b", "c", None, "d"]
    assert reasons.to_pylist() == [None, None, ASIDE, None, None]
    assert old.to_pylist() == ["a", None, "c", None, None]
    labels, *_ = ClassMapping({"1": 2, "5": None}).read(pa.array([1, 2, 3, 5]))
    assert (labels.type, labels.to_pylist()) == (pa.int64(), [2, 2, 3, 5])
    assert ClassMapping({"1": "one"}).named and not ClassMapping({"1": 2}).named


def test_of_lists_one_class_stays_once_and_those_put_aside_go() -> None:
    lists = pa.array([["a", "b"], ["c"], [], None, ["a", "a"], ["b", None, "e"]], pa.list_(pa.string()))
    labels, reasons, old = ClassMapping({"a": "b", "c": None}).read(lists)
    assert labels.to_pylist() == [["b"], [], [], None, ["b", "b"], ["b", None, "e"]]  # twice: said elsewhere
    assert reasons.null_count == len(lists)
    assert old.to_pylist() == [["a"], ["c"], [], None, ["a", "a"], []]


@given(
    st.lists(st.one_of(st.none(), st.lists(NAMES, max_size=4, unique=True)), max_size=8),
    st.dictionaries(NAMES, st.one_of(st.none(), NAMES), min_size=1, max_size=4),
)
def test_lists_are_read_as_one_row_after_the_other_would_be(
    rows: list[list[str] | None], names: dict[str, str | None]
) -> None:
    labels, _, old = ClassMapping(names).read(pa.array(rows, pa.list_(pa.string())))
    new = [
        None
        if row is None
        else list(dict.fromkeys(end for name in row if (end := names.get(name, name)) is not None))
        for row in rows
    ]
    assert labels.to_pylist() == new
    assert old.to_pylist() == [
        None if row is None else [name for name in row if name in names] for row in rows
    ]


@given(st.lists(NAMES, max_size=9))
def test_undone_it_changes_nothing(rows: list[str]) -> None:
    labels, reasons, _ = ClassMapping({"a": "b", "c": None}).undone().read(pa.array(rows, pa.string()))
    assert labels.to_pylist() == rows and reasons.null_count == len(rows)
