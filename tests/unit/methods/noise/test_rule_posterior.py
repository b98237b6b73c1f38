"""Labels made of rules: a model that repeats the rules makes nothing surer, one that sees the class does."""

from __future__ import annotations

import numpy as np

from labelworks.tasks.methods.noise import detect
from labelworks.tasks.methods.noise.rule_posterior import independence


def made(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth (n,), what rules say (n, 2), right with .8 and saying so, and which of them are wrong (n,)."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, 4000)
    wrong = rng.random(4000) < 0.2
    said = np.where(wrong, 1 - truth, truth)
    return truth, np.where(said[:, None] == np.arange(2), 0.8, 0.2).astype(np.float32), said


def log_loss(probs: np.ndarray, truth: np.ndarray) -> float:
    return float(-np.log(probs[np.arange(len(truth)), truth]).mean())


def test_a_model_that_sees_the_class_is_another_witness() -> None:
    """The posterior is the product, and better than either."""
    truth, votes, said = made()
    saw = np.where(np.random.default_rng(1).random(len(truth)) < 0.2, 1 - truth, truth)
    probs = np.where(saw[:, None] == np.arange(2), 0.8, 0.2).astype(np.float32)
    assert independence(probs, votes) == 1
    found = detect(said, probs, votes=votes, method="rule-posterior", posterior=True)
    people = detect(said, probs, votes=votes, method="crowd-posterior", posterior=True)
    np.testing.assert_array_equal(found.posterior, people.posterior)
    assert log_loss(found.posterior, truth) < log_loss(votes, truth) - 0.05


def test_a_model_that_repeats_the_rules_makes_nothing_surer() -> None:
    """As one does that sees the words which the rules look for; the product claims far too much."""
    truth, votes, said = made()
    probs = np.where(said[:, None] == np.arange(2), 0.97, 0.03).astype(np.float32)
    assert independence(probs, votes) == 0
    found = detect(said, probs, votes=votes, method="rule-posterior", posterior=True)
    np.testing.assert_allclose(found.posterior, (votes + probs) / 2, atol=1e-6)
    people = detect(said, probs, votes=votes, method="crowd-posterior", posterior=True)
    assert log_loss(found.posterior, truth) < log_loss(people.posterior, truth) - 0.1
