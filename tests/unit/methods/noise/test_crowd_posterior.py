"""Votes and a model's probabilities as two witnesses of the true class."""

import numpy as np
import pytest

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.noise.crowd_posterior import CrowdPosterior

ROWS, K, ANNOTATORS, RIGHT = 4000, 3, 3, 0.7


def crowd():
    """Three annotators, each right in 70 % of their answers; a model that is right in about as many."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, K, ROWS)
    other = (true[:, None] + rng.integers(1, K, (ROWS, ANNOTATORS))) % K
    answers = np.where(rng.random((ROWS, ANNOTATORS)) < RIGHT, true[:, None], other)
    likelihood = np.where(answers[:, :, None] == np.arange(K), RIGHT, (1 - RIGHT) / (K - 1)).prod(axis=1)
    votes = likelihood / likelihood.sum(axis=1, keepdims=True)
    logits = 1.2 * np.eye(K)[true] + rng.normal(size=(ROWS, K))
    probs = np.exp(logits * 1.2)  # the true posterior under these logits: exp(mean * logit)
    return true, votes.astype(np.float32), (probs / probs.sum(axis=1, keepdims=True)).astype(np.float32)


def judged(votes, probs):
    model = CrowdPosterior()
    given = votes.argmax(axis=1)
    model.update(given, probs, votes=votes)
    model.finish()
    return given, model, model.score(given, probs, votes=votes)


def test_the_posterior_is_that_of_bayes_rule():
    true, votes, probs = crowd()
    given, model, found = judged(votes, probs)
    expected = votes * probs / votes.mean(axis=0)
    expected /= expected.sum(axis=1, keepdims=True)
    assert model.tau == pytest.approx(1.0, abs=0.15)
    np.testing.assert_allclose(found.posterior, expected, atol=0.05)
    np.testing.assert_allclose(
        found.error_probability, 1 - found.posterior[np.arange(ROWS), given], atol=1e-5
    )
    wrong = given != true
    assert found.noise_rate == pytest.approx(wrong.mean(), abs=0.02)
    np.testing.assert_allclose(found.transition.sum(axis=1), 1)
    repaired = np.where(found.flag, found.suggestion, given)
    assert (repaired == true).mean() > max(
        (given == true).mean(), (probs.argmax(axis=1) == true).mean()
    ) + 0.03


def test_probabilities_that_know_nothing_leave_the_votes_alone():
    _, votes, _ = crowd()
    flat = np.full((ROWS, K), 1 / K, np.float32)
    _, _, found = judged(votes, flat)
    expected = votes / votes.mean(axis=0)
    np.testing.assert_allclose(found.posterior, expected / expected.sum(axis=1, keepdims=True), atol=1e-4)


def test_probabilities_that_are_too_sure_are_made_blunt():
    _, votes, probs = crowd()
    sharp = probs**4 / (probs**4).sum(axis=1, keepdims=True)
    _, plain, one = judged(votes, probs)
    _, blunt, other = judged(votes, sharp)
    assert blunt.tau == pytest.approx(plain.tau / 4, rel=0.02)
    np.testing.assert_allclose(one.posterior, other.posterior, atol=0.01)


def test_bad_options_are_refused():
    with pytest.raises(ConfigError, match="threshold is 2"):
        CrowdPosterior(threshold=2)
