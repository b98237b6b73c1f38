import numpy as np
import pytest
from scipy.spatial.distance import cdist

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.open_set.novelty import RIDGE, novelty, novelty_by_fold
from labelworks.tasks.methods.statistics.sums import FoldSums


def rows(seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, 600)
    features = (6 * np.eye(3, 6)[labels] + rng.normal(size=(600, 6))).astype(np.float32)
    return features, labels, rng.integers(0, 4, 600)


def test_it_is_the_relative_mahalanobis_distance():
    features, labels, folds = rows()
    sums = FoldSums.of(features, labels, folds, 4, 3).without()
    means = np.stack([features[labels == k].mean(axis=0) for k in range(3)])
    within = np.cov((features - means[labels]).T, bias=True)
    within += RIDGE * np.trace(within) / 6 * np.eye(6)
    precision = np.linalg.inv(within)
    nearest = cdist(features, means, "mahalanobis", VI=precision).min(axis=1) ** 2
    whole = cdist(features, features.mean(axis=0, keepdims=True), "mahalanobis", VI=precision)[:, 0] ** 2
    assert np.abs(novelty(sums, features) - (nearest - whole)).max() < 1e-2


def test_each_row_is_scored_without_its_fold():
    features, labels, folds = rows()
    sums = FoldSums.of(features, labels, folds, 4, 3)
    found = novelty_by_fold([sums.without(fold) for fold in range(4)], features, folds)
    assert np.allclose(found[folds == 2], novelty(sums.without(2), features[folds == 2]))


def test_rows_of_an_unknown_class_score_higher_and_absent_classes_play_no_part():
    features, labels, folds = rows()
    sums = FoldSums.of(features, labels, folds, 4, 5).without()
    strange = np.random.default_rng(1).normal(size=(600, 6)).astype(np.float32)
    strange[:, :3] -= 2
    assert np.median(novelty(sums, strange)) > np.quantile(novelty(sums, features), 0.95)
    with pytest.raises(InputError, match="6 columns"):
        novelty(sums, features[:, :4])
