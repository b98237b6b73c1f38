"""The change of a figure over windows of time."""

from __future__ import annotations

import numpy as np
import pytest

from labelworks.tasks.methods.performance.figures import Bounded
from labelworks.tasks.methods.performance.over_windows import change_over


def windows(values: np.ndarray, spread: float) -> list[Bounded]:
    return [Bounded(value, value - 1.96 * spread, value + 1.96 * spread) for value in values.tolist()]


def test_a_line_is_its_own_change_and_two_windows_have_none() -> None:
    found = change_over(windows(np.linspace(0.9, 0.8, 5), 0.01))
    assert found is not None
    assert found.value == pytest.approx(-0.1)
    assert found.high < 0
    assert change_over(windows(np.array([0.9, 0.8]), 0.01)) is None


def test_it_is_that_of_numpy_where_windows_weigh_alike() -> None:
    values = np.random.default_rng(0).normal(0.8, 0.02, 7)
    found = change_over(windows(values, 0.05))
    assert found is not None
    assert found.value == pytest.approx(np.polyfit(np.linspace(0, 1, 7), values, 1)[0])


@pytest.mark.parametrize("spread", [0.01, 0.001])
def test_intervals_hold_the_true_change_also_where_windows_claim_too_much(spread: float) -> None:
    """spread: claimed by each window, of .01."""
    rng = np.random.default_rng(1)
    held = []
    for _ in range(300):
        found = change_over(windows(np.linspace(0.8, 0.85, 12) + rng.normal(0, 0.01, 12), spread))
        assert found is not None
        held.append(found.low <= 0.05 <= found.high)
    assert np.mean(held) >= 0.9


def test_windows_of_which_nothing_is_known_are_left_out() -> None:
    given = windows(np.array([0.9, 0.5, 0.8, 0.75]), 0.01)
    given[1] = Bounded(np.nan, np.nan, np.nan)
    found = change_over(given)
    assert found is not None
    assert found.value == pytest.approx(-0.15, abs=0.01)
