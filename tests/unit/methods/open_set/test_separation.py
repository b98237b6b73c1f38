"""A plane that parts strange rows from the rest."""

import numpy as np
import pytest
from scipy.stats import rankdata
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import roc_auc_score

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.open_set.separation import FOLDS, linear_separation


def world(rows=2000, strange=100):
    """Strange rows in a group of their own; a score that tells them from the others but poorly."""
    rng = np.random.default_rng(0)
    outside = np.arange(rows) < strange
    features = rng.normal(size=(rows, 8)) + 4 * outside[:, None] * np.eye(8)[0]
    score = rng.normal(size=rows) - 2 * outside
    return features.astype(np.float32), score, outside


def test_a_group_of_strange_rows_is_parted_better_than_by_the_score_alone():
    features, score, outside = world()
    hybrid = linear_separation(score, features)
    assert roc_auc_score(outside, -hybrid) > roc_auc_score(outside, -score) + 0.02
    assert 0 < hybrid.min() <= hybrid.max() <= 1


def test_the_plane_is_that_of_a_linear_discriminant_without_the_row():
    features, score, _ = world(600, 30)
    hybrid = linear_separation(score, features)
    strange = score <= np.quantile(score, 0.05)
    folds = np.random.default_rng(0).permutation(600) % FOLDS
    apart = np.empty(600)
    for fold in range(FOLDS):
        seen, here = folds != fold, folds == fold
        peer = LinearDiscriminantAnalysis(solver="lsqr").fit(features[seen].astype(float), strange[seen])
        apart[here] = -peer.decision_function(features[here].astype(float))
    expected = (rankdata(score) + rankdata(apart)) / 1200
    assert np.corrcoef(hybrid, expected)[0, 1] > 0.999


def test_bad_input_is_refused():
    features, score, _ = world(100, 5)
    with pytest.raises(ConfigError, match="share 0"):
        linear_separation(score, features, share=0)
    with pytest.raises(InputError, match="100 scores, 99 features"):
        linear_separation(score, features[:99])
