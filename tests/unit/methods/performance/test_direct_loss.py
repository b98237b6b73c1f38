"""Errors of a model of numbers, estimated without its target's labels."""

import numpy as np
import pytest

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.performance.direct_loss import direct_loss


def window(rng, rows, centre):
    """Numbers whose noise grows with the feature, and the model that knows their mean."""
    features = rng.normal(centre, 1, size=(rows, 2))
    labels = 2 * features[:, 0] + np.exp(0.5 * features[:, 1]) * rng.normal(size=rows)
    return labels, 2 * features[:, 0], features


def test_errors_follow_the_features():
    rng = np.random.default_rng(0)
    labels, own, features = window(rng, 3000, 0.0)
    right, theirs, moved = window(rng, 1000, 1.0)
    found = direct_loss(labels, own, theirs, features, moved)
    true = np.abs(right - theirs).mean()
    assert true > 1.4 * np.abs(labels - own).mean()
    assert found.mae.value == pytest.approx(true, rel=0.12)
    assert found.rmse.value == pytest.approx(np.sqrt(found.mse.value))
    assert found.mae.low < found.mae.value < found.mae.high


def test_intervals_hold_the_true_error_as_often_as_they_say():
    rng, held = np.random.default_rng(1), 0
    for _ in range(12):
        labels, own, features = window(rng, 400, 0.0)
        right, theirs, same = window(rng, 150, 0.0)
        found = direct_loss(labels, own, theirs, features, same).mae
        held += found.low <= np.abs(right - theirs).mean() <= found.high
    assert held >= 9


def test_what_does_not_fit_is_named():
    labels, own, features = window(np.random.default_rng(2), 100, 0.0)
    with pytest.raises(InputError, match="20 labelled rows"):
        direct_loss(labels[:20], own[:20], own, features[:20], features)
    with pytest.raises(InputError, match="no finite numbers"):
        direct_loss(np.full(100, np.nan), own, own, features, features)
    with pytest.raises(InputError, match="features has shape"):
        direct_loss(labels, own, own, features[:9], features)
    with pytest.raises(InputError, match="10 rows"):
        direct_loss(labels, own, own[:10], features, features[:10])
