import numpy as np

from labelworks.tasks.methods.label_shift import estimate_prior
from labelworks.tasks.methods.label_shift.calibration import calibrate
from labelworks.tasks.methods.label_shift.candidates import candidates
from labelworks.tasks.methods.label_shift.elsa import calibrated_windows, solve
from labelworks.tasks.methods.label_shift.inputs import check
from labelworks.tasks.methods.label_shift.kdey import Centres

SOURCE, TARGET = np.full(4, 0.25), np.array([0.1, 0.2, 0.2, 0.5])


def draw(rng, rows, prior):
    """Labels, and probabilities whose sharpness is wrong by class: vector scaling has something to mend."""
    labels = rng.choice(4, rows, p=prior)
    logits = 2 * np.eye(4)[labels] + rng.normal(size=(rows, 4))
    wrong = np.exp(logits * [0.5, 1.0, 2.0, 3.0])
    return labels, (wrong / wrong.sum(axis=1, keepdims=True)).astype(np.float32)


def test_em_by_the_simpler_calibration_is_the_last_candidate():
    rng = np.random.default_rng(0)
    labels, probs = draw(rng, 1200, SOURCE)
    windows = check(labels, probs, draw(rng, 800, TARGET)[1])
    vector, plain = (calibrated_windows(windows, calibrate(windows, kind)) for kind in ("vector", "bcts"))
    found = candidates(vector, Centres(vector.probs, labels), plain, moments=solve(vector)).priors
    assert found.shape == (8, 4)
    assert np.allclose(candidates(vector, Centres(vector.probs, labels), plain).priors, found[[0, 1, 6, 7]])
    for row, method in ((0, "em-vector"), (7, "em-bcts")):
        assert (
            np.abs(found[row] - estimate_prior(labels, probs, windows.target, method=method).prior).max()
            < 1e-4
        )


def test_auto_is_right_where_the_classes_are_miscalibrated_apart():
    rng = np.random.default_rng(1)
    labels, probs = draw(rng, 3000, SOURCE)
    found = estimate_prior(labels, probs, draw(rng, 3000, TARGET)[1])
    assert found.calibration is not None and found.calibration.kind == "vector"
    assert np.abs(found.prior - TARGET).max() < 0.03
