import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from labelworks.tasks.methods.label_shift import calibration_newton
from labelworks.tasks.methods.label_shift.calibration import apply, calibrate, mean_posterior
from labelworks.tasks.methods.label_shift.calibration_newton import Family, fit, nll, posterior, scores
from labelworks.tasks.methods.label_shift.inputs import check
from labelworks.tasks.methods.label_shift.result import Calibration


def sharpened(rows, classes, power, seed=0, bias=0.0):
    """Rows whose true posteriors are known, seen through a temperature 1 / power and a bias."""
    rng = np.random.default_rng(seed)
    logits = 2.0 * rng.normal(size=(rows, classes))
    truth = softmax(logits, axis=1)
    labels = np.array([rng.choice(classes, p=row) for row in truth])
    seen = softmax(power * logits + bias * np.arange(classes), axis=1)
    return labels, seen, truth


@pytest.mark.parametrize("power", [0.2, 3.0])
@pytest.mark.parametrize("kind", ["temperature", "bcts", "vector"])
def test_recovers_a_known_temperature(power, kind):
    labels, seen, truth = sharpened(4000, 5, power)
    found = calibrate(check(labels, seen, seen), kind)
    assert found.kind == kind
    assert found.temperature == pytest.approx(power, rel=0.1)
    assert found.nll_after < found.nll_before
    assert found.gradient < 1e-5
    assert np.abs(apply(found, seen) - truth).mean() < 0.02


@pytest.mark.parametrize("kind", ["temperature", "bcts"])
def test_an_underconfident_classifier_of_many_classes_is_sharpened(kind):
    """Where a raw temperature with a bound at 0 stops at 1: its first step overshoots, and it stays."""
    labels, seen, truth = sharpened(1500, 77, 0.15)
    found = calibrate(check(labels, seen, seen), kind)
    assert not found.fell_back and found.temperature == pytest.approx(0.15, rel=0.15)
    assert found.nll_after < found.nll_before - 1
    best = -np.log(truth[np.arange(1500), labels]).mean()
    assert found.nll_after < best + 0.1


def test_bias_makes_the_mean_posterior_the_label_shares():
    labels, seen, _ = sharpened(4000, 5, 2.0, bias=0.5)
    found = calibrate(check(labels, seen, seen), "bcts")
    shares = np.bincount(labels, minlength=5) / 4000
    assert np.abs(mean_posterior(found, seen) - shares).max() < 0.005


@pytest.mark.parametrize("vector", [False, True])
@pytest.mark.parametrize("noisy", [False, True])
def test_fit_agrees_with_a_general_optimiser(vector, noisy):
    labels, seen, _ = sharpened(300, 4, 0.5, bias=0.3)
    T = 0.8 * np.eye(4) + 0.05 if noisy else None
    family, logs = Family(4, vector=vector, bias=True), np.log(seen)

    def objective(theta):
        scale, bias = family.unpack(theta)
        log_q = log_softmax(logs * scale + bias, axis=1)
        given = log_q if T is None else np.log(np.exp(log_q) @ T)
        return -given[np.arange(300), labels].mean() + 0.01 / 2 * (theta[1:] ** 2).sum()

    ours = fit(family, logs.astype(np.float32), labels, T, 0.01)
    theirs = minimize(objective, family.start(), tol=1e-10)
    assert ours.converged
    assert objective(ours.theta) == pytest.approx(theirs.fun, abs=1e-6)
    assert np.abs(family.unpack(ours.theta)[0] - family.unpack(theirs.x)[0]).max() < 0.02


@pytest.mark.parametrize("vector", [False, True])
@pytest.mark.parametrize("noisy", [False, True])
def test_scores_are_the_gradient(vector, noisy):
    labels, seen, _ = sharpened(50, 4, 0.5)
    T = 0.8 * np.eye(4) + 0.05 if noisy else None
    family, logs = Family(4, vector=vector, bias=True), np.log(seen).astype(np.float32)
    theta = np.random.default_rng(1).normal(size=family.size) * 0.1
    q, u = posterior(family, theta, logs)
    rows = scores(family, q, u, labels, T).mean(axis=0)
    for i in range(family.size):
        step = np.zeros(family.size)
        step[i] = 1e-2
        slope = nll(family, theta + step, logs, labels, T) - nll(family, theta - step, logs, labels, T)
        assert -rows[i] == pytest.approx(slope / 2e-2, abs=2e-4)


def test_noisy_labels_give_the_posterior_of_the_true_ones():
    labels, seen, truth = sharpened(6000, 4, 1.5)
    T = np.array([[0.7, 0.3, 0, 0], [0, 0.7, 0.3, 0], [0, 0, 0.7, 0.3], [0.3, 0, 0, 0.7]])
    rng = np.random.default_rng(3)
    given = np.array([rng.choice(4, p=T[label]) for label in labels])
    found = calibrate(check(given, seen, seen, T), "bcts")
    blind = calibrate(check(given, seen, seen), "bcts")
    assert np.abs(apply(found, seen) - truth).mean() < 0.02
    assert np.abs(apply(blind, seen) - truth).mean() > 0.1


def test_a_steep_scale_of_probabilities_whose_noise_was_undone_stays_finite():
    undo = np.linalg.inv(np.array([[0.53, 0.47], [0.47, 0.53]]))
    probs = np.array([[0.027, 0.973], [0.5, 0.5], [0.999, 0.001]], np.float32)
    steep = Calibration(
        "bcts", np.full(2, 44.4), np.array([-0.002, 0.002]), 0.01, 0.7, 0.6, 0.0, fell_back=False, undo=undo
    )
    logs = np.log(np.maximum(probs.astype(float) @ undo, 1e-6))
    assert apply(steep, probs) == pytest.approx(softmax(steep.scale * logs + steep.bias, axis=1), abs=1e-5)


def test_falls_back_aloud_when_labels_say_nothing(caplog):
    rng = np.random.default_rng(0)
    labels, seen = rng.integers(0, 3, 60), np.full((60, 3), 1 / 3)
    found = calibrate(check(labels, seen, seen), "temperature")
    assert found.fell_back and found.kind == "none"
    assert "NLL" in found.note and "NLL" in caplog.text
    assert np.allclose(apply(found, seen), seen, atol=1e-6)


def test_falls_back_aloud_when_the_gradient_doesn_t_vanish(caplog, monkeypatch):
    """A single step lowers the NLL of rows that far off, and is no fit."""
    monkeypatch.setattr(calibration_newton, "STEPS", 1)
    labels, seen, _ = sharpened(900, 3, 8.0)
    found = calibrate(check(labels, seen, seen), "vector")
    assert found.fell_back and found.kind == "none"
    assert "the gradient stopped at" in found.note and found.note in caplog.text
    assert np.allclose(apply(found, seen), seen, atol=1e-5)


def test_overconfident_zeros_and_ones_are_tempered():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 900)
    predicted = np.where(rng.random(900) < 0.7, labels, (labels + 1) % 3)
    hard = np.eye(3)[predicted]
    found = calibrate(check(labels, hard, hard), "bcts")
    mean = apply(found, hard)[np.arange(900), predicted].mean()
    assert mean == pytest.approx((predicted == labels).mean(), abs=0.02)
