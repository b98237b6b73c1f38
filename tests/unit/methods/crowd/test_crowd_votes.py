import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.crowd import Votes


def test_names_are_sorted_and_coded():
    votes = Votes.from_arrays(["b", "a", "b"], [7, 7, 3], ["yes", "no", "no"])
    assert votes.items.tolist() == ["a", "b"]
    assert votes.annotators.tolist() == [3, 7]
    assert votes.classes.tolist() == ["no", "yes"]
    assert votes.counts.tolist() == [[1, 0], [1, 1]]
    assert votes.answer_shares.tolist() == pytest.approx([2 / 3, 1 / 3])


@pytest.mark.parametrize("names", [("item", "annotator", "answer"), ("task", "worker", "label")])
@pytest.mark.parametrize("make", [pd.DataFrame, pa.table])
def test_tables_of_either_kind_and_naming(names, make):
    table = make(dict(zip(names, (["x", "y", "x"], [0, 0, 1], ["p", "q", "q"]), strict=True)))
    votes = Votes.from_table(table)
    assert votes.items.tolist() == ["x", "y"]
    assert votes.classes[votes.answer].tolist() == ["p", "q", "q"]


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match="annotator or worker"):
        Votes.from_table(pd.DataFrame({"item": [1], "label": [0]}))


@pytest.mark.parametrize("hole", [None, float("nan"), pd.NA])
def test_a_missing_answer_is_refused_with_its_row(hole):
    with pytest.raises(InputError, match="row 1"):
        Votes.from_arrays([0, 1], [0, 0], np.array(["a", hole], object))


def test_missing_numbers_are_refused_with_their_row():
    with pytest.raises(InputError, match="row 2"):
        Votes.from_arrays([0, 1, 1], [0, 0, 1], [1.0, 0.0, np.nan])


def test_votes_of_unequal_length_or_none_are_refused():
    with pytest.raises(InputError, match="shapes"):
        Votes.from_arrays([0, 1], [0], [0, 1])
    with pytest.raises(InputError, match="no votes"):
        Votes.from_arrays([], [], [])


def test_given_names_keep_their_order_and_refuse_others():
    votes = Votes.from_arrays([5], [0], ["low"], items=[9, 5], classes=["low", "mid", "high"])
    assert votes.shape == (2, 1, 3)
    assert votes.item.tolist() == [1]
    assert votes.answer.tolist() == [0]
    with pytest.raises(InputError, match=r"row 0.*\n?.*|'odd'"):
        Votes.from_arrays([5], [0], ["odd"], classes=["low"])


def test_pairs_hold_only_what_occurs():
    votes = Votes.from_arrays([0, 1, 2], [0, 0, 1], [1, 1, 0])
    pairs = votes.pairs
    assert list(zip(pairs.annotator, pairs.answer, pairs.votes, strict=True)) == [(0, 1, 2), (1, 0, 1)]
    assert pairs.matrix.toarray().tolist() == [[1, 0], [1, 0], [0, 1]]
