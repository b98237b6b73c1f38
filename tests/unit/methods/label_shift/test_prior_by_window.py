import numpy as np
import pytest

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.label_shift import estimate_prior
from labelworks.tasks.methods.label_shift.by_window import LEAST, prior_by_window

MIXES = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]])


def draw(rng, rows, prior):
    labels = rng.choice(3, rows, p=prior)
    scores = 3 * np.eye(3)[labels] + rng.normal(size=(rows, 3)) * 1.5
    return labels, np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)


def test_each_window_is_what_em_says_of_it_alone():
    rng = np.random.default_rng(0)
    labels, probs = draw(rng, 1500, np.full(3, 1 / 3))
    targets = [draw(rng, 600, mix)[1] for mix in MIXES]
    of = np.repeat([0, 1, 2, -1], [600, 600, LEAST - 1, 40])
    rest = draw(rng, LEAST + 39, MIXES[0])[1]
    found = prior_by_window(labels, probs, np.concatenate([*targets, rest]), of)
    assert found[2] is None and len(found) == 3
    for window, target, mix in zip(found, targets, MIXES, strict=False):
        alone = estimate_prior(labels, probs, target, method="em-bcts")
        assert np.abs(window.prior - alone.prior).max() < 1e-6
        assert np.abs(window.interval - alone.interval).max() < 1e-6
        assert np.abs(window.prior - mix).max() < 0.07
    with pytest.raises(InputError, match="a code for each row"):
        prior_by_window(labels, probs, targets[0], of)
