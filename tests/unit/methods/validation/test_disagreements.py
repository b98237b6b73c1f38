"""Which of two models is right where they differ: against what the true labels say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelworks.tasks.methods.validation.disagreements import HeldOut, accuracy, difference

K = 4


def drawn(rng: np.random.Generator, rows: int, noise: float, wrong: float, worse: float):
    """True classes, two models that err by themselves, given labels by a transition that is not uniform."""
    true = rng.integers(0, K, rows)
    models = [np.where(rng.random(rows) < share, rng.integers(0, K, rows), true) for share in (wrong, worse)]
    transition = (1 - noise) * np.eye(K) + noise * np.roll(np.eye(K), 1, axis=1)
    labels = np.where(rng.random(rows) < noise, (true + 1) % K, true).astype(np.int32)
    held = HeldOut(
        labels, np.arange(rows) % 5, np.ones(rows), np.repeat(transition[None], 5, axis=0),
        np.full((rows, K), 1 / K),
    )  # fmt: skip
    return true, *models, held


@pytest.mark.parametrize("noise", [0.0, 0.2, 0.4])
def test_the_interval_covers_the_true_difference(noise: float) -> None:
    covered, repeats = 0, 60
    for seed in range(repeats):
        rng = np.random.default_rng(seed)
        true, one, other, held = drawn(rng, 1500, noise, 0.10, 0.06)
        low, high = difference(held, one, other).interval
        covered += low <= np.mean(other == true) - np.mean(one == true) <= high
        if seed == 0:
            assert accuracy(held, one) == pytest.approx(np.mean(one == true), abs=0.03)
    assert covered >= 0.93 * repeats


def test_of_clean_labels_it_is_the_count_and_a_handful_of_rows_is_not_sure() -> None:
    rows = 400
    labels = np.zeros(rows, np.int32)
    held = HeldOut(
        labels, np.arange(rows) % 5, np.ones(rows), np.eye(K)[None].repeat(5, 0), np.ones((rows, K))
    )
    raw, better = labels.copy(), labels.copy()
    raw[:3] = 1  # three rows that the treated model alone has right
    found = difference(held, raw, better)
    assert found.value == pytest.approx(3 / rows, abs=1e-3)
    assert found.interval[0] < 0 < found.interval[1]
    same = difference(held, raw, raw)
    assert same.value == pytest.approx(0, abs=1e-9) and same.spread > 0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 0.45), st.integers(2, 300))
def test_two_models_exchanged_turn_the_sign(seed: int, noise: float, rows: int) -> None:
    _, one, other, held = drawn(np.random.default_rng(seed), rows, noise, 0.3, 0.3)
    there, back = difference(held, one, other), difference(held, other, one)
    assert there.value == pytest.approx(-back.value, abs=1e-3)
    assert there.spread == pytest.approx(back.spread, rel=0.05, abs=1e-3)
    assert -1 <= there.value <= 1


def test_rows_count_by_weight() -> None:
    rng = np.random.default_rng(2)
    true, one, other, held = drawn(rng, 4000, 0.1, 0.3, 0.05)
    weights = np.where(true == 0, 3.0, 1 / 3)
    weights /= weights.mean()
    heavy = HeldOut(held.given, held.folds, weights, held.transitions, held.others)
    truth = np.average((other == true).astype(float) - (one == true), weights=weights)
    low, high = difference(heavy, one, other).interval
    assert low <= truth <= high
