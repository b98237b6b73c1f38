"""Rows of none of the classes, told apart from wrong labels by the sums that the probes are made of."""

import pickle

import numpy as np
from sklearn.metrics import roc_auc_score

from labelworks.tasks.methods.open_set.novelty import novelty
from labelworks.tasks.methods.open_set.out_of_scope import Scope
from labelworks.tasks.methods.statistics.random_features import RandomFeatures
from labelworks.tasks.methods.statistics.sums import FoldSums

K, DIM, FOLDS = 4, 10, 5


def world(rows=1500, strange=60, noise=0.2):
    rng = np.random.default_rng(0)
    true = rng.integers(0, K, rows)
    known = 4 * np.eye(K, DIM)[true] + rng.normal(size=(rows, DIM))
    away = 4 * np.eye(DIM)[rng.integers(K, DIM, strange)] + rng.normal(size=(strange, DIM))
    features = np.concatenate([known, away]).astype(np.float32)
    wrong = np.concatenate([rng.random(rows) < noise, np.zeros(strange, bool)])
    given = np.concatenate([true, rng.integers(0, K, strange)])
    given = np.where(wrong, (given + 1) % K, given)
    logits = features[:, :K] * 2
    probs = np.exp(logits - logits.max(axis=1, keepdims=True))
    folds = rng.permutation(rows + strange) % FOLDS
    outside = np.arange(rows + strange) >= rows
    probs = (probs / probs.sum(axis=1, keepdims=True)).astype(np.float32)
    return features, given, folds, probs, outside, wrong


def test_strange_rows_are_told_and_mislabelled_ones_are_not():
    features, given, folds, probs, outside, wrong = world()
    sums = FoldSums.of(features, given, folds, FOLDS, K)
    score = Scope.fit(sums, features, folds, probs).score(features, folds, probs)
    assert roc_auc_score(outside, -score) > 0.95
    assert abs(roc_auc_score(wrong[~outside], -score[~outside]) - 0.5) < 0.05


def test_the_score_is_the_mean_of_two_shares():
    features, given, folds, probs, _, _ = world(rows=200, strange=10)
    sums = FoldSums.of(features, given, folds, FOLDS, K)
    scope = Scope.fit(sums, features, folds, probs)
    far = np.empty(210)
    for fold in range(FOLDS):
        far[folds == fold] = novelty(sums.without(fold), features[folds == fold])
    sure = probs.max(axis=1)
    expected = [((far >= far[row]).mean() + (sure <= sure[row]).mean()) / 2 for row in range(210)]
    np.testing.assert_allclose(scope.score(features, folds, probs), expected, atol=1e-6)


def test_it_is_no_larger_for_words_and_random_features():
    features, given, folds, probs, _, _ = world()
    words = np.arange(len(given) * 3, dtype=np.uint32).reshape(-1, 3) << 8 | 255
    random = RandomFeatures(np.zeros(DIM, np.float32), np.ones(DIM, np.float32))
    every = FoldSums.of(features, given, folds, FOLDS, K, words, random)
    plain = FoldSums.of(features, given, folds, FOLDS, K)
    sizes = [len(pickle.dumps(Scope.fit(sums, features, folds, probs))) for sums in (every, plain)]
    assert sizes[0] == sizes[1]


def test_a_share_of_the_sample_lies_below_the_cut():
    features, given, folds, probs, _, _ = world()
    sums = FoldSums.of(features, given, folds, FOLDS, K)
    scope = Scope.fit(sums, features, folds, probs, share=0.1)
    score = scope.score(features, folds, probs)
    assert abs((score < scope.cut).mean() - 0.1) < 0.01
    assert not (score < Scope.fit(sums, features, folds, probs).cut).any()
