"""People look first where a look removes most error: of each row, and on made data beside self-confidence."""

from __future__ import annotations

import numpy as np
import pytest

import labelworks as lw
from labelworks.tasks.methods.treatment.decisions import FEW, REASONS
from labelworks.tasks.methods.treatment.review_order import removed_by_look, review_order


def test_a_look_removes_what_is_wrong_half_of_it_where_that_is_not_borne_out() -> None:
    error, suggested = np.array([0.9, 0.9, 0.9, 0.2]), np.array([0.9, 0.0, 0.9, 0.2])
    claim = np.array([0.9, 0.0, 0.5, 0.2])
    removed = removed_by_look(error, suggested, claim, np.zeros(4, bool))
    np.testing.assert_allclose(removed, [0.9, 0.9, 0.7, 0.2], rtol=1e-6)


def test_of_a_changed_label_what_is_claimed_is_no_error_any_more() -> None:
    removed = removed_by_look(np.array([0.99]), np.array([0.98]), np.array([0.9]), np.ones(1, bool))
    assert removed == pytest.approx(0.1)


def test_rare_rows_that_wait_come_first_and_what_does_not_wait_last() -> None:
    removed = np.array([0.9, 0.1, 0.5, 0.3, 0.99])
    waits, rare = np.array([1, 1, 1, 1, 0], bool), np.array([0, 1, 0, 1, 1], bool)
    assert review_order(removed, waits, rare).tolist() == [3, 1, 0, 2, 4]


def rows_of(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Eight classes that overlap, one of them rare; one label in seven is wrong."""
    rng = np.random.default_rng(seed)
    true = rng.choice(8, 900, p=[0.015, *[0.985 / 7] * 7])
    vectors = (2.2 * np.random.default_rng(1).normal(size=(8, 6)))[true] + 1.6 * rng.normal(size=(900, 6))
    wrong = rng.random(900) < 0.15
    return vectors, true, np.where(wrong, (true + rng.integers(1, 8, 900)) % 8, true)


def test_the_first_looks_remove_more_errors_than_by_self_confidence() -> None:
    looks, by_value, by_confidence = 45, 0, 0  # of 900: 5 %
    for seed in range(8):
        vectors, true, labels = rows_of(seed)
        found = lw.find_label_errors(labels, features=vectors, posterior=True)
        treated = lw.treat(labels, found, objective={"precision": 0.9})
        left = treated.labels != true
        first = treated.issues.index[:looks].to_numpy()
        assert len(first) == looks
        by_value += left[first].sum()
        by_confidence += left[np.argsort(found.score, kind="stable")[:looks]].sum()
    assert by_value > by_confidence


def test_rows_of_rare_classes_head_the_queue() -> None:
    vectors, _, labels = rows_of(3)
    treated = lw.treat(labels, lw.find_label_errors(labels, features=vectors), min_class_rows=40)
    waiting = treated.issues[treated.issues["action"] == "review"]
    few = waiting["reason"].str.startswith(REASONS[FEW]).to_numpy()
    assert few.any() and not few.all()
    assert few[: few.sum()].all()
    for part in (waiting[few], waiting[~few]):
        assert (np.diff(treated.removed_by_look[part.index]) <= 0).all()
