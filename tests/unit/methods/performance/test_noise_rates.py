"""Where the noise of the reference is known between two rates, the interval holds at each of them."""

from __future__ import annotations

import numpy as np
import pytest

from labelworks.tasks.methods.performance.estimated_confusion import estimated_confusion
from labelworks.tasks.methods.performance.noise_rates import NoiseRates, even, scaled, widest

CLASSES = 3
EVEN = np.full((CLASSES, CLASSES), 0.1) + 0.7 * np.eye(CLASSES)


def windows(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Given labels of which a fifth is wrong, probabilities of both windows, the accuracy on the target."""
    probs, target = (rng.dirichlet(np.full(CLASSES, 0.3), rows).astype(np.float32) for rows in (1500, 500))
    true, hidden = (
        (each.cumsum(axis=1) > rng.random((len(each), 1))).argmax(axis=1) for each in (probs, target)
    )
    given = (EVEN[true].cumsum(axis=1) > rng.random((len(true), 1))).argmax(axis=1)
    return given, probs, target, float((target.argmax(axis=1) == hidden).mean())


def test_a_scaled_transition_has_its_rate_and_its_confusions() -> None:
    twice = scaled(EVEN, 2.0)
    np.testing.assert_allclose(twice.sum(axis=1), 1)
    np.testing.assert_allclose(1 - np.diag(twice), 2 * (1 - np.diag(EVEN)))
    np.testing.assert_allclose(scaled(EVEN, 1.0), EVEN)
    assert np.diag(scaled(EVEN, 50.0)) == pytest.approx(np.full(CLASSES, 0.05))
    np.testing.assert_allclose(scaled(np.eye(CLASSES), 3.0), np.eye(CLASSES))


def test_without_an_interval_the_transition_stands_alone() -> None:
    assert len(NoiseRates(EVEN, 0.2).transitions) == 1
    assert len(NoiseRates(EVEN, 0.0, (0.0, 0.1)).transitions) == 1


def test_at_the_low_end_wrong_labels_are_spread_evenly_too() -> None:
    cyclic = 0.8 * np.eye(CLASSES) + 0.2 * np.roll(np.eye(CLASSES), 1, axis=1)
    found = NoiseRates(cyclic, 0.2, (0.1, 0.3)).transitions
    expected = [cyclic, scaled(cyclic, 0.5), scaled(cyclic, 1.5), scaled(EVEN, 0.5)]
    np.testing.assert_allclose(found, expected)
    np.testing.assert_allclose(even(EVEN), EVEN)
    assert len(NoiseRates(cyclic, 0.2, (0.0, 0.3)).transitions) == 3  # no wrong label to spread
    assert len(NoiseRates(np.array([[0.8, 0.2], [0.2, 0.8]]), 0.2, (0.1, 0.3)).transitions) == 3


def test_an_estimate_that_is_off_is_covered_where_its_interval_holds_the_rate() -> None:
    given, probs, target, accuracy = windows(np.random.default_rng(0))
    too_high = NoiseRates(scaled(EVEN, 1.6), 0.32, (0.18, 0.4))
    by_rate = [
        estimated_confusion(given, probs, target, noise_transition=each) for each in too_high.transitions
    ]
    alone, hull = by_rate[0].accuracy, widest(by_rate)
    assert alone.low > accuracy  # too much noise is taken out of the labels, so the model looks too good
    assert hull.accuracy.low <= accuracy <= hull.accuracy.high
    assert hull.accuracy.value == alone.value
    for each in by_rate:
        assert all(hull.overall[name].low <= each.overall[name].low for name in each.overall)
        assert (hull.by_class["recall"].interval[:, 1] >= each.by_class["recall"].interval[:, 1]).all()
