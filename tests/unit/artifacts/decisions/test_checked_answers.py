"""Answers are taken, or put aside with the reason: unknown, stale, twice, of another dataset, no answer."""

from __future__ import annotations

from typing import Any

import pytest

from labelworks.schemas.errors import InputError
from labelworks.tasks.artifacts.decisions.answers import read_answer
from labelworks.tasks.artifacts.decisions.checked import (
    OTHER,
    STALE,
    TWICE,
    UNKNOWN,
    Checked,
    GivenAnswer,
    check_answers,
)
from labelworks.tasks.artifacts.shown.rows_by_id import ShownRow

KNOWN = {f"row {n}": ShownRow(n, "cat", "dog" if n % 2 else None) for n in range(9)}


def check(*answers: GivenAnswer, **more: Any) -> Checked:
    return check_answers(
        answers, KNOWN, dataset="made", classes=["cat", "dog", "none"], label_type="string", **more
    )


def answered(row: int, answer: str, dataset: str = "", **facts: Any) -> GivenAnswer:
    return GivenAnswer(row + 1, f"row {row}", answer, {"annotator": "ann"} | facts, dataset)


def test_every_row_is_taken_or_put_aside_with_its_reason() -> None:
    found = check(
        answered(0, "dog"),
        answered(1, " keep ", content=1),
        answered(2, ""),
        answered(3, "bird"),
        answered(4, "dog", content=5),
        answered(5, "dog", "elsewhere"),
        answered(99, "dog"),
        answered(0, "cat"),
        answered(6, "dog", probability=2.0),
        answered(7, "keep", given="dog"),
        answered(8, "dog", given="dog"),
    )
    assert [decision.answer for decision in found.taken] == ["class", "keep", "class"]
    assert (found.taken[1].given, found.taken[1].suggestion, found.taken[1].content) == ("cat", "dog", 1)
    assert {each.place: each.reason for each in found.aside}.items() >= {
        5: STALE, 8: STALE, 6: OTHER, 100: UNKNOWN, 1: TWICE, 4: "'bird' is no class",
    }.items()  # fmt: skip
    assert found.aside[-2].reason.startswith("probability: ")
    assert found.unanswered == 1
    assert found.says.splitlines()[0] == "3 taken"
    assert "1 without an answer" in found.says


def test_who_decided_a_row_before_is_not_heard_twice_but_another_is() -> None:
    before = check(answered(0, "dog")).taken
    again = check(answered(0, "cat"), answered(0, "cat", annotator="bob"), before=before)
    assert [decision.annotator for decision in again.taken] == ["bob"]


def test_who_decided_a_row_that_has_changed_since_is_heard_again() -> None:
    known = {"row 0": ShownRow(0, "cat", None)}
    first = check_answers(
        [answered(0, "dog")], known, dataset="made", classes=["cat", "dog"], label_type="string"
    )
    changed = {"row 0": ShownRow(7, "cat", None)}
    for rows, taken in ((known, 0), (changed, 1)):
        again = check_answers(
            [answered(0, "cat")], rows, dataset="made", classes=["cat", "dog"], label_type="string",
            before=first.taken,
        )  # fmt: skip
        assert len(again.taken) == taken


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("dog", "string", {"answer": "class", "classes": ("dog",)}),
        ("none", "string", {"answer": "class", "classes": ("none",)}),  # a class is called so
        ("(None)", "string", {"answer": "none"}),
        ("Unsure", "string", {"answer": "unsure"}),
        ("dog; cat;dog", "string", {"answer": "classes", "classes": ("dog", "cat")}),
        ("dog", "list", {"answer": "classes", "classes": ("dog",)}),
        ("-1.5", "number", {"answer": "number", "number": -1.5}),
    ],
)
def test_answers_are_read_as_they_are_meant(text: str, kind: str, said: dict[str, Any]) -> None:
    assert read_answer(text, {"cat", "dog", "none"}, kind) == said


@pytest.mark.parametrize(
    ("text", "kind"), [("bird", "string"), (";", "list"), ("inf", "number"), ("", "number")]
)
def test_what_is_no_answer_is_refused_with_what_would_be(text: str, kind: str) -> None:
    with pytest.raises(InputError) as refused:
        read_answer(text, {"cat", "dog"}, kind)
    assert "(unsure)" in refused.value.fix
