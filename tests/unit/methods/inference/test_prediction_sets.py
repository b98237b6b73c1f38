"""Prediction sets calibrated on noisy labels: coverage of the truth, sizes, parts that add up, refusals."""

import numpy as np
import pytest

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.inference.prediction_sets import (
    fit_set_thresholds,
    set_counts,
    set_thresholds,
)

ROWS, CLASSES, NOISE = 20_000, 4, 0.3


@pytest.fixture(scope="module")
def made():
    """Probabilities that are right, true classes, noisy labels, and the posterior of the true class."""
    rng = np.random.default_rng(0)
    probs = rng.dirichlet([0.4, 0.3, 0.2, 0.1], ROWS)
    true = (probs.cumsum(axis=1) > rng.random((ROWS, 1))).argmax(axis=1)
    transition = np.full((CLASSES, CLASSES), NOISE / (CLASSES - 1))
    np.fill_diagonal(transition, 1 - NOISE)
    given = (transition[true].cumsum(axis=1) > rng.random((ROWS, 1))).argmax(axis=1)
    posterior = probs * transition[:, given].T
    return probs, true, given, posterior / posterior.sum(axis=1, keepdims=True)


def covered(members, true):
    return members[np.arange(len(true)), true]


def test_without_noise_the_threshold_is_the_quantile_of_split_conformal(made):
    probs, true, *_ = made
    few = slice(0, 499)
    found = fit_set_thresholds(probs[few], np.eye(CLASSES)[true[few]], coverage=0.9)
    own = np.sort(probs[few][np.arange(499), true[few]])[::-1]
    quantile = own[int(np.ceil(0.9 * 500)) - 1]  # the 450th of 499
    assert found.least == pytest.approx(quantile, rel=2e-3)
    assert found.least[0] <= quantile


def test_noisy_labels_make_sets_too_large_and_their_posterior_does_not(made):
    probs, true, given, posterior = made
    half = ROWS // 2
    naive = fit_set_thresholds(probs[:half], np.eye(CLASSES)[given[:half]]).sets(probs[half:])
    ours = fit_set_thresholds(probs[:half], posterior[:half]).sets(probs[half:])
    assert covered(naive, true[half:]).mean() > 0.95
    assert covered(ours, true[half:]).mean() == pytest.approx(0.9, abs=0.012)
    assert ours.sum() * 1.3 < naive.sum()


def test_by_class_each_is_covered(made):
    probs, true, _, posterior = made
    members = fit_set_thresholds(probs, posterior, by_class=True).sets(probs)
    on_the_whole = fit_set_thresholds(probs, posterior).sets(probs)
    apart = [covered(members, true)[true == k].mean() for k in range(CLASSES)]
    assert apart == pytest.approx([0.9] * CLASSES, abs=0.03)
    assert covered(on_the_whole, true)[true == CLASSES - 1].mean() < 0.87


def test_weights_of_classes_cover_a_window_of_another_mix(made):
    probs, true, _, posterior = made
    weights = np.array([0.2, 0.5, 1.0, 5.0])
    members = fit_set_thresholds(probs, posterior, class_weights=weights).sets(probs)
    there = np.random.default_rng(1).choice(ROWS, 20_000, p=weights[true] / weights[true].sum())
    assert covered(members, true)[there].mean() == pytest.approx(0.9, abs=0.015)


def test_audited_rows_put_a_wrong_posterior_right(made):
    probs, true, given, _ = made
    wrong = np.eye(CLASSES)[given]  # it takes every label for right
    found = []
    for seed in range(12):
        rows = np.random.default_rng(seed).choice(ROWS, 500, replace=False)
        members = fit_set_thresholds(probs, wrong, audited=(rows, true[rows])).sets(probs)
        found.append(covered(members, true).mean())
    assert np.mean(found) == pytest.approx(0.9, abs=0.012)
    assert np.std(found) < 0.02


def test_counts_of_parts_add_up(made):
    probs, _, _, posterior = made
    whole = set_counts(probs, posterior)
    parts = set_counts(probs[:777], posterior[:777]) + set_counts(probs[777:], posterior[777:])
    np.testing.assert_allclose(whole, parts, atol=1e-9)
    assert set_thresholds(whole, 0.9).least == pytest.approx(fit_set_thresholds(probs, posterior).least)


def test_labels_of_sets_are_each_covered():
    rng = np.random.default_rng(2)
    probs = rng.beta(0.3, 1, (ROWS, 3))
    true = rng.random((ROWS, 3)) < probs
    members = fit_set_thresholds(probs, probs, by_class=True).sets(probs)
    assert [members[true[:, k], k].mean() for k in range(3)] == pytest.approx([0.9] * 3, abs=0.01)


def test_a_class_of_too_few_rows_is_in_every_set(made):
    probs, true, *_ = made
    few = np.flatnonzero(true == 3)[:5]
    rows = np.concatenate([np.flatnonzero(true != 3)[:500], few])
    found = fit_set_thresholds(probs[rows], np.eye(CLASSES)[true[rows]], by_class=True)
    assert found.least[3] == 0
    assert (found.least[:3] > 0).all()


@pytest.mark.parametrize(
    ("given", "error", "what"),
    [
        ({"coverage": 1.0}, ConfigError, "coverage is 1"),
        ({"true_probs": np.ones((2, 3))}, InputError, "don't fit"),
        ({"class_weights": [1.0]}, InputError, "no weights of 2 classes"),
        ({"audited": ([0], [2])}, InputError, "the answer is 2"),
        ({"audited": ([0], [1]), "by_class": True}, ConfigError, "class by class"),
    ],
)
def test_what_does_not_fit_is_refused(given, error, what):
    values = {"pred_probs": np.full((2, 2), 0.5), "true_probs": np.full((2, 2), 0.5)} | given
    with pytest.raises(error, match=what):
        fit_set_thresholds(**values)
