"""How far audited rows let judges change labels: bounds against scipy's, and how often they are wrong."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from labelworks.tasks.methods.judges.audited import shown_right
from labelworks.tasks.methods.statistics.fixed_sequence import lower_bound, needed_rows


@pytest.mark.parametrize(("right", "rows"), [(0, 5), (3, 5), (59, 59), (180, 200), (1, 1)])
def test_bounds_are_clopper_and_pearson_s(right: int, rows: int) -> None:
    known = binomtest(right, rows, alternative="greater").proportion_ci(0.95, "exact").low
    assert lower_bound(right, rows) == pytest.approx(known)


@pytest.mark.parametrize(("precision", "rows"), [(0.9, 29), (0.95, 59), (0.99, 299)])
def test_so_many_rows_are_the_least(precision: float, rows: int) -> None:
    assert needed_rows(precision) == rows
    assert lower_bound(rows, rows) >= precision > lower_bound(rows - 1, rows - 1)


def test_nothing_audited_changes_nothing_and_says_so() -> None:
    found = shown_right(np.array([]), np.array([], bool), 0.9)
    assert found.over == np.inf
    assert "no audited row" in found.says


def test_few_or_wrong_rows_change_nothing_and_say_what_is_lacking() -> None:
    few = shown_right(np.full(20, 0.9), np.ones(20, bool), 0.9)
    assert few.over == np.inf
    assert "20 of 20 audited rows" in few.says
    assert "29 such rows" in few.says
    wrong = shown_right(np.full(100, 0.9), np.arange(100) % 2 == 0, 0.9)
    assert wrong.over == np.inf
    assert "50 of 100" in wrong.says


def test_only_the_surest_rows_are_let_through() -> None:
    sure = np.linspace(1.0, 0.0, 200)
    found = shown_right(sure, sure > 0.5, 0.9)
    assert 0.4 < found.over < 0.9
    assert found.bound >= 0.9
    assert found.right <= found.audited < 200


def test_a_promise_is_broken_no_more_often_than_said() -> None:
    rng = np.random.default_rng(0)
    broken = 0
    for _ in range(1500):
        sure = rng.random(120)
        right = rng.random(120) < 0.85 + 0.04 * sure  # nowhere .9
        broken += np.isfinite(shown_right(sure, right, 0.9).over)
    assert broken / 1500 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 1500)
    assert broken > 0


def test_rows_as_sure_as_each_other_go_together() -> None:
    sure = np.repeat([0.9, 0.6], [40, 100])
    found = shown_right(sure, np.arange(140) < 45, 0.9)
    assert (found.over, found.audited) == (0.9, 40)
