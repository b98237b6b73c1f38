"""Rows that are alike: of one doubt, with nothing of another between them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from labelworks.tasks.methods.review.alike import MOST, alike


def on_circle(*degrees: float) -> np.ndarray:
    angle = np.radians(degrees)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def test_rows_of_one_doubt_side_by_side_follow_the_first() -> None:
    vectors = on_circle(0, 90, 2, 91, 3)
    assert alike(vectors, np.array([0, 1, 0, 1, 0])).tolist() == [0, 1, 0, 1, 0]


def test_what_lies_beyond_a_row_of_another_doubt_is_not_alike() -> None:
    vectors = on_circle(0, 5, 10)
    assert alike(vectors, np.array([0, 1, 0])).tolist() == [0, 1, 2]


def test_rows_to_which_nothing_is_suggested_stand_alone() -> None:
    assert alike(on_circle(0, 1, 2), np.array([-1, -1, -1])).tolist() == [0, 1, 2]


def test_no_more_follow_than_can_be_overlooked() -> None:
    leads = alike(on_circle(*np.linspace(0, 5, 3 * MOST)), np.zeros(3 * MOST, int))
    assert np.bincount(leads).max() == MOST + 1
    assert set(leads[1 : MOST + 1].tolist()) == {0}  # the nearest


@given(st.integers(0, 10_000), st.integers(0, 40), st.integers(1, 4))
def test_leaders_come_first_lead_themselves_and_share_the_doubt(seed: int, count: int, doubts: int) -> None:
    rng = np.random.default_rng(seed)
    vectors, doubt = rng.normal(size=(count, 3)), rng.integers(-1, doubts, count)
    leads = alike(vectors, doubt)
    assert (leads <= np.arange(count)).all()
    assert (leads[leads] == leads).all()
    assert (doubt[leads] == doubt).all()
