"""Copies with two labels: what they say is Bayes' rule, and it is calibrated on data made that way."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from labelworks.tasks.methods.duplicates.label_evidence import BELIEVED, one_class_share, weigh_copies

T = np.array([[0.8, 0.15, 0.05], [0.1, 0.7, 0.2], [0.02, 0.08, 0.9]])
SHARES = np.array([0.5, 0.3, 0.2])


def test_is_bayes_rule_over_every_class_and_over_one_class_or_several() -> None:
    posterior = np.array([[0.2, 0.5, 0.3]])
    others = np.array([[2.0, 1.0, 0.0]])
    found = weigh_copies(np.array([1]), np.array([0.5]), posterior, others, T, SHARES, 0.7)
    one_class = T[:, 0] ** 2 * T[:, 1]
    by_hand = posterior[0] * (0.7 * one_class + 0.3 * SHARES[0] ** 2 * SHARES[1])
    by_hand /= by_hand.sum()
    np.testing.assert_allclose(found.posterior[0], by_hand, rtol=1e-6)
    assert expit(found.error_odds[0]) == pytest.approx(1 - by_hand[1])


def test_without_copies_or_without_belief_in_them_nothing_changes() -> None:
    posterior = np.array([[0.2, 0.5, 0.3], [0.9, 0.05, 0.05]])
    given, error = np.array([1, 0]), np.array([0.5, 0.1])
    for others, together in ((np.zeros((2, 3)), 0.9), (np.ones((2, 3)), 0.0)):
        found = weigh_copies(given, error, posterior, others, T, SHARES, together)
        np.testing.assert_allclose(found.posterior, posterior, rtol=1e-4)


def test_an_error_probability_alone_is_enough() -> None:
    error = np.array([0.3, 0.3])
    found = weigh_copies(np.array([0, 0]), error, None, np.array([[0, 3, 0], [3, 0, 0]]), T, SHARES, 0.95)
    low, high = expit(found.error_odds)[::-1]
    assert low < 0.3 < high
    same = weigh_copies(np.array([0, 0]), error, None, np.zeros((2, 3)), T, SHARES, 0.95)
    np.testing.assert_allclose(expit(same.error_odds), error, rtol=1e-6)


def made(groups: int, size: int, alike: float) -> tuple[np.ndarray, np.ndarray]:
    """True and given labels (G, S) of copies, a share of the groups of one class."""
    rng = np.random.default_rng(0)
    one = rng.choice(3, groups, p=SHARES)[:, None].repeat(size, 1)
    several = rng.choice(3, (groups, size), p=SHARES)
    true = np.where(rng.random((groups, 1)) < alike, one, several)
    return true, (rng.random((groups, size, 1)) > T[true].cumsum(-1)).sum(-1)


@pytest.mark.parametrize("alike", [0.95, 0.5])
def test_how_many_groups_are_of_one_class_is_found(alike: float) -> None:
    _, given = made(20_000, 3, alike)
    counts = (given[:, :, None] == np.arange(3)).sum(1)
    assert one_class_share(counts, T) == pytest.approx(alike, abs=0.06)
    assert one_class_share(counts[:0], T) == BELIEVED
    assert one_class_share(counts, np.full((3, 3), 1 / 3)) == BELIEVED


def test_error_probabilities_after_copies_are_calibrated() -> None:
    true, given = made(20_000, 3, 0.9)
    counts = (given[:, :, None] == np.arange(3)).sum(1)
    clash = (counts > 0).sum(1) > 1
    given, true = given[clash, 0], true[clash, 0]
    others = counts[clash] - np.eye(3)[given]
    posterior = SHARES[None] * T[:, given].T
    posterior /= posterior.sum(1, keepdims=True)
    error = 1 - posterior[np.arange(len(given)), given]
    found = weigh_copies(given, error, posterior, others, T, SHARES, one_class_share(counts, T))
    now, wrong = expit(found.error_odds), true != given
    for low, high in ((0.0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.0)):
        here = (now >= low) & (now < high)
        if here.sum() > 200:
            assert now[here].mean() == pytest.approx(wrong[here].mean(), abs=0.05)
    assert np.mean((now - wrong) ** 2) < np.mean((error - wrong) ** 2) - 0.02
