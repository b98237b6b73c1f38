"""How many errors answers removed: by simulation, with the truth at hand."""

from __future__ import annotations

import numpy as np
import pytest

from labelworks.tasks.methods.review.errors_removed import believed, errors_removed
from labelworks.tasks.methods.review.reviewers import LOOKS, RIGHT

K = 4


def looked(rng: np.random.Generator, rows: int, right: float) -> tuple[float, float, float, int]:
    """One sitting: the interval, and how many wrong labels less there are."""
    posterior = rng.dirichlet(np.full(K, 0.3), rows)
    true = np.array([rng.choice(K, p=each) for each in posterior])
    given = rng.integers(0, K, rows)
    slips = (true + rng.integers(1, K, rows)) % K
    answer = np.where(rng.random(rows) < right, true, slips)
    changed = answer != given
    every = np.arange(rows)[changed]
    found = errors_removed(
        believed(posterior[every, given[changed]], K + 1),
        believed(posterior[every, answer[changed]], K + 1),
        np.zeros(len(every), np.int64),
        K + 1,
    )
    before, after = np.count_nonzero(given != true), np.count_nonzero(answer != true)
    assert found.changed == changed.sum()
    return found.value, found.low, found.high, before - after


@pytest.mark.parametrize("rows", [30, 300])
def test_the_interval_holds_the_truth_where_people_are_as_right_as_is_assumed(rows: int) -> None:
    rng, inside = np.random.default_rng(rows), []
    for right in rng.beta(LOOKS * RIGHT, LOOKS * (1 - RIGHT), 60):
        _, low, high, truth = looked(rng, rows, right)
        inside.append(low <= truth <= high)
    assert np.mean(inside) >= 0.9


def test_nothing_changed_removed_nothing() -> None:
    found = errors_removed(np.zeros(0), np.zeros(0), np.zeros(0, np.int64), K)
    assert (found.value, found.low, found.high, found.changed) == (0, 0, 0, 0)


def test_who_changes_labels_that_were_surely_right_removes_little() -> None:
    sure, other = believed(np.full(20, 0.999), 11), believed(np.full(20, 1e-4), 11)
    who = np.zeros(20, np.int64)
    against, along = errors_removed(sure, other, who, 11), errors_removed(other, sure, who, 11)
    assert against.value < 12 < 19 < along.value
    assert against.low < 0
    assert believed(np.zeros(1), 3, none=True)[0] == pytest.approx(0.9 * 0.01 + 0.1 / 3)
