"""Money is set aside before it is spent, so that no cap is passed, by however many at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from labelworks.tasks.methods.judges.spending import Purse


@given(
    st.floats(0, 5),
    st.lists(st.tuples(st.floats(0, 2), st.floats(0, 1)), max_size=40),
    st.integers(1, 4),
)
def test_no_cap_is_passed(cap: float, questions: list[tuple[float, float]], at_once: int) -> None:
    purse = Purse(cap)

    def ask(question: tuple[float, float]) -> bool:
        most, share = question
        if not purse.set_aside(most):
            return False
        purse.settle(most, most * share)
        return True

    with ThreadPoolExecutor(at_once) as pool:
        asked = list(pool.map(ask, questions))
    assert purse.spent <= cap * (1 + 1e-9)
    paid = sum(most * share for (most, share), done in zip(questions, asked, strict=True) if done)
    assert abs(purse.spent - paid) < 1e-9


def test_who_could_pass_the_cap_waits_for_what_is_under_way() -> None:
    purse, told = Purse(1.0), []
    assert purse.set_aside(0.8)
    waiting = threading.Thread(target=lambda: told.append(purse.set_aside(0.5)))
    waiting.start()
    waiting.join(0.05)
    assert not told
    purse.settle(0.8, 0.1)
    waiting.join()
    assert told == [True]


def test_what_was_bought_before_and_what_got_lost_is_spent() -> None:
    purse = Purse(1.0)
    purse.count(0.7)
    assert not purse.set_aside(0.4)
    assert purse.set_aside(0.2)
    assert not purse.lose(0.2)
    assert purse.spent == 0.7 + 0.2
