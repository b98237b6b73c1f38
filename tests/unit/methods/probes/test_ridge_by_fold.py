"""Predictions of any numbers, by sums that merge."""

import numpy as np
import pytest
from scipy import sparse

from labelworks.tasks.methods.probes.ridge_by_fold import RidgeByFold, TargetSums, leave_fold_out

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
