"""What is answered at a desk: checked, stored once, undone, counted."""

from __future__ import annotations

from typing import Any

import pytest

from labelworks.schemas.decisions import RowDecision, in_force
from labelworks.schemas.review import ReviewQueue, ReviewRow
from labelworks.tasks.artifacts.decisions.checked import Checked
from labelworks.tasks.review.desk.desk import DeskAnswer, ReviewDesk, answer_of


def row(name: str, **said: Any) -> ReviewRow:
    values = {
        "content": 7, "partition": "p", "row": 0, "shown": name, "given": "cat", "suggestion": "dog",
        "probabilities": (("dog", 0.8), ("cat", 0.15)),
    }  # fmt: skip
    return ReviewRow.model_validate({"id": name, **values, **said})


def queue(*rows: ReviewRow, **said: Any) -> ReviewQueue:
    values = {
        "dataset": "made",
        "run": "r1",
        "label": "class",
        "classes": ("cat", "dog", "owl"),
        "kind": "text",
    }
    return ReviewQueue.model_validate({**values, "rows": rows, **said})


@pytest.fixture
def desk() -> ReviewDesk:
    return ReviewDesk(queue(row("a"), row("b"), row("c", like="a"), row("d")))


def check(desk: ReviewDesk, who: str, *answers: tuple[str, str]) -> Checked:
    return desk.check(who, [DeskAnswer(name, text, place) for place, (name, text) in enumerate(answers)])


def store(desk: ReviewDesk, who: str, *answers: tuple[str, str], holder: str = "tab") -> list[RowDecision]:
    found = check(desk, who, *answers)
    desk.stored(found.taken, holder)
    return list(found.taken)


def test_rows_that_are_alike_come_together(desk: ReviewDesk) -> None:
    assert [[each.id for each in group] for group in desk.hand("tab", 9)] == [["a", "c"], ["b"], ["d"]]


def test_an_answer_is_taken_once_with_what_was_shown(desk: ReviewDesk) -> None:
    (made,) = store(desk, "ann", ("a", "dog"))
    assert (made.given, made.suggestion, made.run, made.content, made.why) == ("cat", "dog", "r1", 7, "queue")
    sent_again = check(desk, "ann", ("a", "dog"))
    assert (sent_again.taken, sent_again.aside) == ((), ())
    other = check(desk, "ann", ("a", "owl"), ("b", "lion"), ("z", "cat"), ("d", " "))
    assert [each.reason for each in other.aside] == [
        "decided before, or twice in this file", "'lion' is no class", "no row has this id",
    ]  # fmt: skip
    assert other.unanswered == 1
    assert [each.id for group in desk.hand("tab", 9) for each in group] == ["c", "b", "d"]


def test_what_waits_to_be_stored_is_not_taken_again_and_may_be_lost(desk: ReviewDesk) -> None:
    found = check(desk, "ann", ("a", "(none)"))
    assert check(desk, "ann", ("a", "none")).taken == ()
    assert desk.progress().answered == 0
    desk.lost(found.taken)
    assert len(check(desk, "ann", ("a", "none")).taken) == 1


def test_what_was_said_by_one_key_was_said_at_one_moment(desk: ReviewDesk) -> None:
    found = desk.check(
        "ann", [DeskAnswer("a", "dog", 1), DeskAnswer("c", "dog", 1), DeskAnswer("b", "keep", 2)]
    ).taken
    assert found[0].when == found[1].when < found[2].when
    desk.stored(found, "tab")
    assert [each.id for each in desk.answered("ann")] == ["a", "c", "b"]
    assert desk.answered("bob") == []


def test_what_was_said_of_a_row_that_is_like_another_says_so_and_is_of_no_sample(desk: ReviewDesk) -> None:
    found = desk.check("ann", [DeskAnswer("a", "dog", 1), DeskAnswer("c", "dog", 2, like=True)]).taken
    assert [(each.why, each.reviewer) for each in found] == [
        ("queue", "ann"), ("like", "ann (like another)"),
    ]  # fmt: skip
    drawn = {"sample": "strata-1-0", "stratum": 1, "stratum_rows": 9, "stratum_likely": 0.2}
    audit = ReviewDesk(queue(row("a", why="audit", probability=0.1, **drawn)))
    (made,) = audit.check("ann", [DeskAnswer("a", "dog", like=True)]).taken  # it can't be: it was drawn
    assert (made.why, made.sample, made.probability, made.stratum_likely) == ("audit", "strata-1-0", 0.1, 0.2)


def test_an_answer_is_undone_by_who_made_it_and_asked_again(desk: ReviewDesk) -> None:
    made = store(desk, "ann", ("a", "dog"), ("c", "dog"), ("b", "keep"))
    assert desk.undo("bob", ["a"]) == []
    undone = desk.undo("ann", ["a", "c"])
    desk.stored(undone, "tab")
    assert in_force([*made, *undone]) == [made[2]]
    assert [each.id for group in desk.hand("tab", 1) for each in group] == ["a", "c"]
    assert desk.progress().answered == 1
    anew = store(desk, "ann", ("a", "owl"))
    assert [answer_of(each) for each in in_force([*made, *undone, *anew])] == ["(keep)", "owl"]


def test_a_row_that_is_shown_again_is_answered_beside_the_first_time_and_undone_alone(
    desk: ReviewDesk,
) -> None:
    made = store(desk, "ann", ("a", "dog"))
    again = ReviewDesk(queue(row("a", why="gold", sample="gold-1", probability=0.5), row("b")), made)
    assert [[each.id for each in group] for group in again.hand("tab", 9)] == [["a"], ["b"]]
    made += store(again, "ann", ("a", "owl"))
    assert [(answer_of(each), each.why) for each in in_force(made)] == [("dog", "queue"), ("owl", "gold")]
    made += again.undo("ann", ["a"])
    assert [answer_of(each) for each in in_force(made)] == ["dog"]


def test_the_sample_of_an_audit_is_answered_with_its_probabilities_and_says_what_is_so_of_all(
    desk: ReviewDesk,
) -> None:
    made = store(desk, "ann", ("a", "dog"))  # of the queue: the audit asks anew
    drawn = {"why": "audit", "sample": "strata-1-0", "stratum_likely": 0.2, "probability": 0.2}
    rows = [
        row(name, stratum=stratum, stratum_rows=10, **drawn)
        for name, stratum in (("a", 0), ("b", 0), ("c", 1), ("d", 1))
    ]
    audit = ReviewDesk(queue(*rows), made)
    assert (audit.answered("ann"), audit.progress().answered) == ([], 0)
    made += store(audit, "ann", ("a", "dog"), ("b", "keep"))
    assert {(each.why, each.probability, each.stratum_likely) for each in made[1:]} == {("audit", 0.2, 0.2)}
    assert audit.progress().audit == ""  # of one stratum nothing is known yet
    made += store(audit, "bob", ("c", "keep"))
    assert audit.progress().audit.startswith("labels that are wrong: ")
    assert audit.progress().audit.endswith("by 3 looks")
    again = ReviewDesk(queue(*rows), made)
    assert again.progress() == audit.progress()
    assert [[each.id for each in group] for group in again.hand("tab", 9)] == [["d"]]
    assert [each.id for each in again.answered("ann")] == ["a", "b"]


def test_what_looks_came_to_is_counted_of_this_run_by_what_was_answered_last(desk: ReviewDesk) -> None:
    assert desk.progress().removed.changed == 0
    store(desk, "ann", ("a", "dog"), ("b", "keep"), ("d", "unsure"))
    first = desk.progress()
    assert (first.rows, first.answered, first.removed.changed) == (4, 3, 1)
    assert 0.8 < first.removed.value < 1
    store(desk, "bob", ("a", "keep"), ("c", "none"))
    assert desk.progress().removed.changed == 1
    assert desk.progress().removed.value < 0.7  # nothing spoke for none of the classes


def test_a_desk_that_is_set_up_again_knows_what_was_answered(desk: ReviewDesk) -> None:
    made = store(desk, "ann", ("a", "dog"))
    other = RowDecision(id="b", answer="keep", annotator="ann", run="r0")
    again = ReviewDesk(queue(row("b"), row("c"), row("d")), [*made, other], [row("a")])
    assert again.progress().removed == desk.progress().removed
    assert len(again.undo("ann", ["a", "b"])) == 1  # that of another run was another question


def test_sets_of_classes_and_numbers_are_answered_as_they_are_written() -> None:
    sets = ReviewDesk(queue(row("a", given="cat; owl", suggestion="cat"), label="classes"))
    assert store(sets, "ann", ("a", "owl; cat"))[0].classes == ("owl", "cat")
    assert sets.progress().removed.changed == 0
    prices = ReviewDesk(
        queue(row("a", given="3", suggestion="4", probabilities=(("3", 0.2),)), label="number")
    )
    assert store(prices, "ann", ("a", "4"))[0].number == 4
    assert check(prices, "ann", ("a", "4.0")).taken == ()
    assert prices.progress().removed.value > 0.5
