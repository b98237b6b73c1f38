"""Asking judges of a real service: the cascade, what is kept, what is spent, and how many at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.judges.chat import Judge
from labelworks.tasks.methods.judges.panel import Panel
from labelworks.tasks.methods.judges.pool import NOT_ASKED, UNREAD
from labelworks.tasks.methods.judges.question import NONE
from labelworks.tasks.methods.judges.spending import Price
from labelworks.tasks.storage.store import Store
from labelworks.tasks.treat.judging.ask_judges import AskedRow, Asking
from tests.support import completions
from tests.support.completions import Completions
from tests.support.waiting import wait_for

CLASSES = ("cat", "dog", "owl")
FREE = Price(0.0, 0.0)
CENT = Price(100.0, 0.0)  # 100 tokens, as the service counts them, cost a cent


def first_word(asked: completions.Asked) -> str:
    """A row says what each model answers: `cat small:dog`; else all answer its first word."""
    words = asked.shown.split()
    said = dict(word.split(":") for word in words if ":" in word)
    return said.get(asked.model, words[0])


@pytest.fixture
def service() -> Iterator[Completions]:
    with Completions(first_word) as made:
        yield made


@pytest.fixture
def panel(service: Completions) -> Callable[..., Panel]:
    def panel(*judges: dict[str, Any], **options: Any) -> Panel:
        made = [Judge(**{"base_url": service.url, "price": FREE, **judge}) for judge in judges]
        return Panel(tuple(made), **{"retries": 2, "concurrency": 1, "timeout": 30, **options})

    return panel


def row(text: str, given: str = "cat") -> AskedRow:
    return AskedRow(text, CLASSES, CLASSES.index(given))


def ask(panel: Panel, store: Path, *texts: str) -> tuple[np.ndarray, Asking]:
    with Asking(panel, Store(str(store)), "made/judges") as asking:
        return asking.rows([row(text) for text in texts]), asking


def test_the_dear_judge_is_asked_where_the_cheap_one_doubts_the_label(
    service: Completions, panel: Any, tmp_path: Path
) -> None:
    both = panel({"model": "small"}, {"model": "large", "votes": 2})
    answers, asking = ask(both, tmp_path, "cat one", "dog two", f"cat small:{NONE.split()[0]}", "cow three")
    assert answers.tolist() == [
        [0, NOT_ASKED, NOT_ASKED],
        [1, 1, 1],
        [UNREAD, 0, 0],
        [UNREAD, UNREAD, UNREAD],
    ]
    assert [each.model for each in service.asked].count("small") == 4
    small, large = asking.findings()
    assert (small.answers, small.unread, large.answers, large.unread) == (4, 2, 6, 2)
    assert (small.tokens_in, small.tokens_out) == (400, 40)


def test_none_of_these_is_an_answer(service: Completions, panel: Any, tmp_path: Path) -> None:
    service.says = lambda _: NONE
    assert ask(panel({"model": "small"}), tmp_path, "what")[0].tolist() == [[len(CLASSES)]]


def test_votes_list_the_classes_each_in_its_order(service: Completions, panel: Any, tmp_path: Path) -> None:
    answers, _ = ask(panel({"model": "small", "votes": 4}), tmp_path, "dog")
    assert answers.tolist() == [[1] * 4]
    assert len({asked.answers for asked in service.asked}) > 1
    assert [asked.body["seed"] for asked in service.asked] == [0, 1, 2, 3]


def test_a_second_run_asks_nothing(service: Completions, panel: Any, tmp_path: Path) -> None:
    both = panel({"model": "small", "price": CENT}, {"model": "large"})
    first, bought = ask(both, tmp_path, "cat one", "dog two", "cow three")
    asked = len(service.asked)
    second, kept = ask(both, tmp_path, "cat one", "dog two", "cow three")
    assert len(service.asked) == asked
    np.testing.assert_array_equal(first, second)
    assert bought.purse.spent == kept.purse.spent == pytest.approx(0.03)
    assert [each.kept for each in kept.findings()] == [3, 2]
    ask(panel({"model": "small"}, instruction="Animals."), tmp_path, "cat one")
    ask(panel({"model": "other"}), tmp_path, "cat one")
    assert len(service.asked) == asked + 2


def test_a_run_that_was_cut_off_goes_on_where_it_was(
    service: Completions, panel: Any, tmp_path: Path
) -> None:
    one, texts = panel({"model": "small", "price": CENT}, retries=0), [f"cat {n}" for n in range(6)]
    service.statuses = [200, 200, 200, 503]
    with pytest.raises(InputError, match="503") as caught:
        ask(one, tmp_path, *texts)
    assert "run again" in caught.value.fix
    answers, asking = ask(one, tmp_path, *texts)
    assert (answers == 0).all()
    assert len(service.asked) == 4 + 3
    assert asking.findings()[0].kept == 3
    assert asking.purse.spent == pytest.approx(0.06)


def test_who_asks_on_in_a_run_has_what_was_left_of_the_budget(panel: Any, tmp_path: Path) -> None:
    one, store = panel({"model": "small", "price": CENT}), Store(str(tmp_path))

    def spent(*texts: str) -> float:
        with Asking(one, store, "made/judges", "made/runs/r/judges.json") as asking:
            asking.rows([row(text) for text in texts])
            asking.keep_account()
            return asking.purse.spent

    assert spent("cat one", "dog two") == pytest.approx(0.02)
    assert spent("dog two", "owl three") == pytest.approx(0.03)
    assert spent("dog two", "owl three") == pytest.approx(0.03)


SCRIPT = """
import sys
from labelworks.tasks.methods.judges.chat import Judge
from labelworks.tasks.methods.judges.panel import Panel
from labelworks.tasks.methods.judges.spending import Price
from labelworks.tasks.storage.store import Store
from labelworks.tasks.treat.judging.ask_judges import AskedRow, Asking

panel = Panel((Judge("small", sys.argv[1], Price(0.0, 0.0)),), concurrency=1)
with Asking(panel, Store(sys.argv[2]), "made/judges") as asking:
    asking.rows([AskedRow(f"cat {n}", ("cat", "dog", "owl"), 0) for n in range(6)])
"""


def test_what_a_killed_process_had_bought_is_kept(service: Completions, panel: Any, tmp_path: Path) -> None:
    service.stops_at = 4
    asker = subprocess.Popen([sys.executable, "-c", SCRIPT, service.url, str(tmp_path)])
    try:
        wait_for(lambda: len(service.asked) == 4)
    finally:
        asker.kill()
        asker.wait()
    service.stops_at = None
    service.gate.set()
    answers, asking = ask(panel({"model": "small"}), tmp_path, *(f"cat {n}" for n in range(6)))
    assert (answers == 0).all()
    assert asking.findings()[0].kept == 3
    assert len(service.asked) == 4 + 3


def test_it_stops_before_the_money_is_passed_and_says_of_how_many_rows(
    service: Completions, panel: Any, tmp_path: Path
) -> None:
    one = panel({"model": "small", "price": CENT, "answer_tokens": 1}, budget=0.2, concurrency=3)
    texts = [f"cat {n}" for n in range(40)]
    answers, asking = ask(one, tmp_path, *texts)
    done = int((answers >= 0).sum())
    assert 0 < done < 20
    assert asking.out_of_money == 40 - done
    assert asking.purse.spent == pytest.approx(done * 0.01)
    assert len(service.asked) == done
    most = one.judges[0].most(service_question(texts[0]))
    assert asking.purse.spent + most > 0.2 >= asking.purse.spent
    assert (answers[done + 3 :] == NOT_ASKED).all()
    again, same = ask(one, tmp_path, *texts)
    assert len(service.asked) == done
    np.testing.assert_array_equal(answers, again)
    assert same.purse.spent == asking.purse.spent


def test_where_tokens_aren_t_told_the_most_is_spent(service: Completions, panel: Any, tmp_path: Path) -> None:
    service.usage = False
    one = panel({"model": "small", "price": CENT})
    _, asking = ask(one, tmp_path, "cat")
    assert asking.purse.spent == one.judges[0].most(service_question("cat"))


def test_no_more_are_asked_at_once_than_may_be(service: Completions, panel: Any, tmp_path: Path) -> None:
    service.gate.clear()
    one = panel({"model": "small"}, concurrency=3)
    with Asking(one, Store(str(tmp_path)), "made/judges") as asking:
        import threading

        found: list[np.ndarray] = []
        rows = [row(f"cat {n}") for n in range(9)]
        asker = threading.Thread(target=lambda: found.append(asking.rows(rows)))
        asker.start()
        wait_for(lambda: service.at_once == 3)
        service.gate.set()
        asker.join()
    assert (found[0] == 0).all()
    assert service.most_at_once == 3


def test_rows_that_a_judge_can_t_take_are_counted_and_the_rest_is_asked(
    service: Completions, panel: Any, tmp_path: Path
) -> None:
    service.refuses = lambda asked: "long" in asked.shown
    answers, asking = ask(panel({"model": "small"}), tmp_path, "cat", "dog long", "owl")
    assert answers.tolist() == [[0], [UNREAD], [2]]
    assert asking.findings()[0].refused == 1


def test_a_judge_that_refuses_all_is_an_error(service: Completions, panel: Any, tmp_path: Path) -> None:
    service.refuses = lambda _: True
    with pytest.raises(ConfigError, match="refuses every question") as caught:
        ask(panel({"model": "small"}), tmp_path, *(f"cat {n}" for n in range(30)))
    assert caught.value.where == "treat.judges.models.0"
    assert len(service.asked) == 20  # each by schema and without


def test_an_image_that_can_t_be_shown_is_counted(service: Completions, panel: Any, tmp_path: Path) -> None:
    with Asking(panel({"model": "small"}), Store(str(tmp_path)), "made/judges") as asking:
        answers = asking.rows([AskedRow(b"no image", CLASSES, 0), row("cat")])
    assert answers.tolist() == [[NOT_ASKED], [0]]
    assert asking.unusable == 1


def test_rows_alike_are_one_question(service: Completions, panel: Any, tmp_path: Path) -> None:
    answers, asking = ask(panel({"model": "small"}), tmp_path, "cat", "cat", "cat")
    assert (answers == 0).all()
    assert len(service.asked) == asking.findings()[0].answers == 1


def service_question(text: str) -> Any:
    from labelworks.tasks.methods.judges.question import ask_about

    return ask_about(text, CLASSES)
