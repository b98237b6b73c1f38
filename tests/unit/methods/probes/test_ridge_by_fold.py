"""Predictions of any numbers, by sums that merge."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, cross_val_predict

from labelworks.tasks.methods.probes.ridge_by_fold import PENALTIES, RidgeByFold, TargetSums
from tests.support.out_of_sample import leave_fold_out

ROWS, DIM, M, FOLDS = 400, 6, 3, 5


def made(seed=0):
    rng = np.random.default_rng(seed)
    features = rng.normal(2, 1, size=(ROWS, DIM)).astype(np.float32)
    targets = features @ rng.normal(size=(DIM, M)) + rng.normal(size=(ROWS, M))
    return features, targets, rng.integers(0, FOLDS, ROWS)


@pytest.mark.parametrize("kind", ["numbers", "sets"])
def test_sums_of_parts_are_those_of_the_whole_and_can_be_taken_away(kind):
    features, targets, folds = made()
    if kind == "sets":
        targets = sparse.csr_array((targets > 1).astype(np.int8))
    whole = TargetSums.of(features, targets, folds, FOLDS)
    first, second = (
        TargetSums.of(features[part], targets[part], folds[part], FOLDS)
        for part in (slice(0, 150), slice(150, ROWS))
    )
    expected = RidgeByFold.fit(whole).predict(features, folds)
    np.testing.assert_allclose(RidgeByFold.fit(first + second).predict(features, folds), expected, atol=1e-4)
    back = RidgeByFold.fit(whole - second).predict(features[:150], folds[:150])
    alone = RidgeByFold.fit(first).predict(features[:150], folds[:150])
    np.testing.assert_allclose(back, alone, atol=1e-3)


def test_a_row_teaches_nothing_of_an_excluded_fold():
    features, targets, folds = made()
    spoilt = targets.copy()
    spoilt[folds == 2] += 100
    one, other = (
        RidgeByFold.fit(TargetSums.of(features, t, folds, FOLDS), exclude=(2,)) for t in (targets, spoilt)
    )
    np.testing.assert_array_equal(one.predict(features, folds), other.predict(features, folds))


def test_an_empty_fold_and_a_constant_target_are_no_trouble():
    features, targets, folds = made()
    folds[folds == 3] = 1
    targets[:, 0] = 7.0
    found = leave_fold_out(features, targets, folds)
    np.testing.assert_allclose(found[:, 0], 7.0, atol=1e-4)
    assert np.isfinite(found).all()


def by_fives(rows=500):
    return np.arange(rows) // (rows // 5)


def test_predictions_are_those_of_ridge_regression_without_the_fold(monkeypatch):
    monkeypatch.setattr("labelworks.tasks.methods.probes.ridge_by_fold.PENALTIES", (0.1,))
    rng = np.random.default_rng(0)
    true = rng.random((500, 4)) < 0.3
    features = (5 * true @ np.eye(4, DIM) + rng.normal(size=(500, DIM))).astype(np.float32)
    given, of = sparse.csr_array((true ^ (rng.random((500, 4)) < 0.05)).astype(np.int8)), by_fives()
    found = leave_fold_out(features, given, of)
    np.testing.assert_allclose(found, leave_fold_out(features, given.toarray(), of), atol=1e-4)
    expected = np.empty((500, 4))
    for fold in range(5):
        seen, here = fold != of, fold == of
        spread = features[seen].astype(float).std(axis=0)
        part = features[seen].astype(float) / spread
        scatter = (part - part.mean(axis=0)).T @ (part - part.mean(axis=0))
        peer = Ridge(alpha=0.1 * np.trace(scatter) / DIM).fit(part, given.toarray()[seen])
        expected[here] = peer.predict(features[here].astype(float) / spread)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_the_penalty_is_the_best_out_of_sample_and_rows_left_out_teach_nothing():
    rng, of = np.random.default_rng(1), by_fives()
    features = rng.normal(size=(500, 200)).astype(np.float32)
    targets = features[:, :1].astype(float) + rng.normal(size=(500, 1))
    found = leave_fold_out(features, targets, of)
    peers = (Ridge(penalty * 500 * 0.8) for penalty in PENALTIES)
    guesses = [cross_val_predict(peer, features, targets[:, 0], cv=KFold(5)) for peer in peers]
    errors = [np.square(targets[:, 0] - guess).sum() for guess in guesses]
    assert np.square(targets - found).sum() == pytest.approx(min(errors), rel=0.02)
    kept = np.arange(500) % 10 > 0
    spoilt = np.where(kept[:, None], targets, 1e6)
    plain = leave_fold_out(features, targets, of, kept)
    np.testing.assert_allclose(leave_fold_out(features, spoilt, of, kept), plain, atol=1e-3)


def test_columns_have_no_more_say_for_the_unit_that_they_are_written_in():
    rng = np.random.default_rng(3)
    features, units = rng.normal(size=(500, 6)), 10.0 ** np.arange(-3, 3)
    given = features @ rng.normal(size=(6, 2)) + 0.1 * rng.normal(size=(500, 2))
    plain, scaled = (
        leave_fold_out(rows.astype(np.float32), given, by_fives()) for rows in (features, features * units)
    )
    np.testing.assert_allclose(scaled, plain, atol=1e-3)
