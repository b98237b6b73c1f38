"""Calibration error and Brier score against loops, and of probabilities that are right or too sure."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.inference.calibration_error import calibration


@pytest.fixture(scope="module")
def made():
    """Probabilities that are right, and classes drawn by them."""
    rng = np.random.default_rng(0)
    probs = rng.dirichlet([0.5, 0.4, 0.3], 20_000)
    return probs, (probs.cumsum(axis=1) > rng.random((20_000, 1))).argmax(axis=1)


def test_figures_are_those_of_loops_and_of_sklearn(made):
    probs, true = made[0][:500], made[1][:500]
    found = calibration(probs, np.eye(3)[true])
    apart = 0.0
    for low, high in zip(found.edges[:-1], found.edges[1:], strict=True):
        rows = [n for n in range(500) if low <= probs[n].max() < high or (high == 1 and probs[n].max() == 1)]
        if rows:
            right = np.mean([probs[n].argmax() == true[n] for n in rows])
            apart += len(rows) / 500 * abs(right - np.mean([probs[n].max() for n in rows]))
    assert found.error == pytest.approx(apart)
    assert found.log_loss == pytest.approx(log_loss(true, probs))
    assert found.brier == pytest.approx(brier_score_loss(true, probs, scale_by_half=False))
    assert found.rows.sum() == 500


def test_right_probabilities_are_calibrated_and_sharpened_ones_are_too_sure(made):
    probs, true = made
    sharp = probs**3 / (probs**3).sum(axis=1, keepdims=True)
    right, sure = (calibration(each, np.eye(3)[true]) for each in (probs, sharp))
    assert right.error < 0.012
    assert abs(right.overconfidence) < 0.01
    assert sure.error == pytest.approx(sure.overconfidence, rel=1e-2)
    assert sure.error > 0.1
    assert sure.brier > right.brier


def test_wrong_labels_make_a_right_model_look_bad_and_their_posterior_does_not(made):
    probs, true = made
    rng = np.random.default_rng(1)
    transition = np.full((3, 3), 0.15) + 0.55 * np.eye(3)
    given = (transition[true].cumsum(axis=1) > rng.random((len(true), 1))).argmax(axis=1)
    posterior = probs * transition[:, given].T
    posterior /= posterior.sum(axis=1, keepdims=True)
    assert calibration(probs, np.eye(3)[given]).error > 0.1
    assert calibration(probs, posterior).error < 0.012


def test_weights_stand_for_rows(made):
    probs, truth = made[0][:300], np.eye(3)[made[1][:300]]
    weight = np.random.default_rng(2).integers(1, 4, 300)
    weighed, repeated = calibration(probs, truth, weight), calibration(
        np.repeat(probs, weight, axis=0), np.repeat(truth, weight, axis=0)
    )  # fmt: skip
    assert weighed.error == pytest.approx(repeated.error)
    assert weighed.brier == pytest.approx(repeated.brier)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="don't fit"):
        calibration(np.full((2, 2), 0.5), np.full((3, 2), 0.5))
