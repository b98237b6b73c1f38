"""Sentences with their spans as marks."""

from __future__ import annotations

from labelworks.schemas.records import DatasetRef
from labelworks.tasks.artifacts.shown.marks import MOST, differing, marked, spans_text

REF = DatasetRef(run_id="r", dataset="d", uri="u", classes=("O", "B-x", "I-x"), label_type="tags")


def test_pieces_are_those_of_spans() -> None:
    ref = REF.model_copy(update={"tag_scheme": "bio"})
    pieces = marked(["a", "b", "c", "d", "e"], ["O", "O", "B-x", "I-x", "B-x"], ref)
    assert pieces == (("a b", None), ("c d", "x"), ("e", "x"))
    assert spans_text(pieces) == "c d: x; e: x"
    assert spans_text(marked(["a"], ["O"], ref)) == "(no span)"
    long = marked(["a"] * 2 * MOST, ["O"] * 2 * MOST, ref)
    assert long == ((" ".join(["a"] * MOST), None),)


def test_tags_that_stand_by_themselves_are_a_piece_each() -> None:
    ref = REF.model_copy(update={"tag_scheme": "plain"})
    assert marked(["a", "b"], ["NOUN", "O"], ref) == (("a", "NOUN"), ("b", None))


def test_spans_differ_by_where_they_stand() -> None:
    ref = REF.model_copy(update={"tag_scheme": "bio", "classes": ("O", "B-x", "I-x", "B-y", "I-y")})
    words = ["Ann", "met", "Ann", "in", "Linz"]
    one = marked(words, ["B-y", "O", "B-x", "O", "B-x"], ref)
    other = marked(words, ["B-x", "O", "B-x", "O", "O"], ref)
    assert differing(one, other) == (("Ann", "y"), ("Linz", "x"))
    assert differing(other, one) == (("Ann", "x"),)
    assert differing(one, one) == ()
