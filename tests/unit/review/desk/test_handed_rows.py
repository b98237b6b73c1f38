"""Rows are at one holder at a time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from labelworks.tasks.review.desk.handed import LEASE_SECONDS, HandedRows


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_group_is_handed_to_one_holder_until_its_lease_ends() -> None:
    clock = Clock()
    rows = HandedRows([("a",), ("b", "b1", "b2"), ("c",)], clock)
    assert rows.take("x", 2) == [("a",), ("b", "b1", "b2")]
    assert rows.take("y", 2) == [("c",)]
    rows.close(["a", "b1"])
    assert rows.left == 3
    assert rows.take("x", 2) == [("b", "b2")]  # what it held, after a reload too
    clock.now = LEASE_SECONDS / 2
    assert rows.take("y", 2) == [("c",)]  # renewed
    clock.now = LEASE_SECONDS + 1
    assert rows.take("y", 5) == [("b", "b2"), ("c",)]
    assert rows.take("x", 5) == []


def test_what_was_undone_is_asked_again_of_who_undid_it() -> None:
    rows = HandedRows([("a",), ("b",)])
    assert rows.take("x", 1) == [("a",)]
    rows.close(["a"])
    rows.reopen(["a", "nothing"], "y")
    assert rows.take("x", 5) == [("b",)]
    assert rows.take("y", 5) == [("a",)]


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.integers(1, 4), st.booleans()), max_size=20))
def test_no_row_is_at_two_holders_and_all_are_answered_in_the_end(
    moves: list[tuple[str, int, bool]],
) -> None:
    rows, at, answered = HandedRows([(f"{n}", f"{n}+") for n in range(9)]), dict[str, str](), set[str]()
    for holder, most, answers in moves:
        got = {name for group in rows.take(holder, most) for name in group}
        assert all(at.setdefault(name, holder) == holder for name in got)
        assert not got & answered
        if answers:
            rows.close(got)
            answered |= got
    for holder in "xyz":
        answered |= {name for group in rows.take(holder, 99) for name in group}
    assert len(answered) == 18
