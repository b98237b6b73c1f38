"""How many errors answers removed: by simulation, with the truth at hand."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.review_interval import KINDS, K, sitting
from labelworks.tasks.methods.review.errors_removed import ErrorsRemoved, LooksMade, errors_removed
from labelworks.tasks.methods.review.reviewers import LOOKS, RIGHT


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("right", [None, 0.85])
def test_the_interval_holds_the_truth(kind: str, right: float | None) -> None:
    rng, inside = np.random.default_rng(7), []
    for _ in range(30):
        often = rng.beta(LOOKS * RIGHT, LOOKS * (1 - RIGHT)) if right is None else right
        told, truth = sitting(rng, 300, kind, often)
        assert told.low <= told.value <= told.high
        inside.append(told.low <= truth <= told.high)
    assert np.mean(inside) >= 0.93


def told(given: float, answered: float, kept: int = 0, none: bool = False) -> ErrorsRemoved:
    """Of 20 changed labels alike, beside some that were kept."""
    changed = np.arange(20 + kept) < 20
    return errors_removed(
        LooksMade.of(
            np.full(len(changed), given), np.where(changed, answered, given), changed & none, changed,
            np.zeros(len(changed), np.int64), 11,
        )
    )  # fmt: skip


def test_nothing_changed_removed_nothing() -> None:
    nothing = np.zeros(3)
    looks = LooksMade.of(nothing, nothing, nothing > 0, nothing > 0, np.zeros(3, np.int64), K)
    assert errors_removed(looks) == ErrorsRemoved(0, 0, 0, 0)


def test_who_changes_labels_that_were_surely_right_removes_less() -> None:
    against, along = told(0.999, 1e-4), told(1e-4, 0.999)
    assert against.value < 17 < 18 < along.value
    assert against.low < 8 < along.low
    assert told(0.5, 0.5, none=True).value < told(0.5, 0.5).value


def test_who_keeps_most_labels_changed_some_that_were_right() -> None:
    few, many = told(0.3, 0.7), told(0.3, 0.7, kept=180)
    assert many.value < few.value
    assert many.high - many.low > few.high - few.low


def test_of_numbers_who_is_wrong_about_a_wrong_one_mends_nothing() -> None:
    some = np.arange(300) < 300
    looks = LooksMade.of(np.full(300, 0.001), np.full(300, 0.999), ~some, some, np.zeros(300, np.int64), 2)
    number = errors_removed(looks)
    assert number.low < 0.8 * 300 < number.value < 0.98 * 300 <= number.high
