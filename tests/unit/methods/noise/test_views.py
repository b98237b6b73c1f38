import numpy as np
import pytest
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score

from labelworks.tasks.methods.noise import detect
from labelworks.tasks.methods.noise.core.claims.flips import drawn, fit_flip_model, flipped, offset_to
from labelworks.tasks.methods.noise.core.transition_em import NoisyLabels, log_of, sorted_rows
from labelworks.tasks.methods.noise.core.views import fit_views, plain_view


def fitted_noise(seed=0, rows=4000, classes=6):
    """A model that learned the noise: its probabilities are those of the given labels, blurred."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, classes, rows)
    noise = np.full((classes, classes), 0.04)
    noise[np.arange(classes), (np.arange(classes) + 1) % classes] = 0.24
    np.fill_diagonal(noise, 0)
    np.fill_diagonal(noise, 1 - noise.sum(axis=1))
    labels = drawn(noise[true], rng)
    probs = softmax(np.log(noise[true]) + rng.normal(size=(rows, classes)), axis=1)
    return labels, probs.astype(np.float32), true


def views_of(labels, probs):
    given, sorted_probs = sorted_rows(labels, probs)
    data = NoisyLabels(given, log_of(sorted_probs))
    return fit_views(data, sorted_probs, plain_view(data))


def test_probabilities_that_fit_the_noise_are_read_as_clusters():
    labels, probs, true = fitted_noise()
    views = views_of(labels, probs)
    assert len(views) == 3
    assert all(view.source is not None for view in views)
    wrong = labels != true
    auto, plain = (detect(labels, probs, method=name) for name in ("auto", "noise-transition"))
    assert average_precision_score(wrong, -auto.score) > average_precision_score(wrong, -plain.score) + 0.02
    assert abs(auto.noise_rate - wrong.mean()) < abs(plain.noise_rate - wrong.mean())
    assert abs(auto.noise_rate - wrong.mean()) < 0.03


def test_well_behaved_probabilities_are_read_as_they_are():
    rng = np.random.default_rng(1)
    true = rng.integers(0, 20, 4000)
    logits = rng.gumbel(size=(4000, 20))
    logits[np.arange(4000), true] += 4
    labels = np.where(rng.random(4000) < 0.1, rng.integers(0, 20, 4000), true).astype(np.int32)
    views = views_of(labels, softmax(logits, axis=1).astype(np.float32))
    assert [view.source for view in views] == [None]


def test_flips_follow_the_transition():
    transition = np.array([[0.8, 0.15, 0.05], [0.0, 1.0, 0.0], [0.3, 0.3, 0.4]])
    posterior = np.repeat(np.eye(3, dtype=np.float32), 20_000, axis=0)
    labels, weights = flipped(posterior, transition, np.random.default_rng(0))
    true = posterior.argmax(axis=1)
    assert (labels != true).all()
    assert (labels[true == 0] == 1).mean() == pytest.approx(0.75, abs=0.02)
    assert (labels[true == 2] == 1).mean() == pytest.approx(0.5, abs=0.02)
    assert weights[true == 2][0] / weights[true == 0][0] == pytest.approx(3, rel=1e-6)
    assert weights[true == 1].max() < 1e-6


def test_the_flip_model_is_logistic_regression():
    rng = np.random.default_rng(2)
    flips, rows = rng.normal(1, 1, (300, 2)), rng.normal(0, 1.5, (700, 2))
    model = fit_flip_model(flips, np.ones(300), rows)
    evidence = (np.concatenate([flips, rows]) - model.mean) / model.scale
    outcome = np.repeat([1, 0], [300, 700])
    weight = np.where(outcome == 1, 500 / 300, 500 / 700)
    peer = LogisticRegression(C=1.0, tol=1e-8).fit(evidence, outcome, sample_weight=weight)
    np.testing.assert_allclose(model.weights, peer.coef_[0], atol=1e-3)
    assert model.intercept == pytest.approx(peer.intercept_[0], abs=1e-3)


def test_the_offset_gives_the_mean_asked_for():
    odds = np.random.default_rng(3).normal(size=1000) * 3
    for mean in (0.01, 0.3, 0.9):
        shifted = 1 / (1 + np.exp(-(odds + offset_to(mean, odds))))
        assert shifted.mean() == pytest.approx(mean, abs=1e-6)
    assert offset_to(0.0, odds) < -30
