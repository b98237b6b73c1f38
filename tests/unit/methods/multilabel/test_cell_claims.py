"""Claims of missing and extra labels are as true as they say; where nothing is borne out, nothing is said."""

import numpy as np
import pytest
from scipy import sparse
from scipy.special import expit
from sklearn.linear_model import LinearRegression

from labelworks.tasks.methods.multilabel.claims import CellClaims
from labelworks.tasks.methods.multilabel.confident_heaps import ConfidentHeaps
from labelworks.tasks.methods.multilabel.judge import LabelSetJudge
from labelworks.tasks.methods.multilabel.other_labels import OtherLabels
from labelworks.tasks.methods.multilabel.sure_side import fit_sure_side
from labelworks.tasks.methods.probes.ridge_by_fold import RidgeByFold, TargetSums

ROWS, DIM, K = 3000, 12, 6
FOLDS = np.arange(ROWS) % 5


def made(seed, steepness=12.0):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(ROWS, DIM)).astype(np.float32)
    scores = features @ rng.normal(size=(DIM, K)) / DIM**0.5
    cut = np.quantile(scores, 0.75, axis=0)
    return rng, features, rng.random((ROWS, K)) < expit(steepness * (scores - cut))


def claimed(features, given):
    cells = sparse.csr_array(given.astype(np.int8))
    sums = TargetSums.of(features, cells, FOLDS, 5)
    judge = LabelSetJudge.fit(sums, features, cells, FOLDS, model=ConfidentHeaps())
    return judge, judge.judge(features, cells, FOLDS)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("kind", ["at random", "by a feature"])
def test_what_is_claimed_of_lost_labels_is_true(kind, seed):
    rng, features, true = made(seed)
    rate = 0.12 if kind == "at random" else np.where(features[:, [0]] > 0, 0.2, 0.04)
    given = true & ~(rng.random(true.shape) < rate)
    _, found = claimed(features, given)
    claim = found.missing_claim.tocoo()
    sure = claim.data > 0.8
    right = true[claim.row[sure], claim.col[sure]]
    assert sure.sum() > 30 and right.mean() >= claim.data[sure].mean() - 0.03
    assert not (found.extra_claim.data > 0.8).any()


def test_what_is_claimed_of_invented_labels_is_true():
    rng, features, true = made(2)
    given = true | (rng.random(true.shape) < 0.015)
    claim = claimed(features, given)[1].extra_claim.tocoo()
    sure = claim.data > 0.8
    assert sure.sum() > 30
    assert 1 - true[claim.row[sure], claim.col[sure]].mean() >= claim.data[sure].mean() - 0.03


@pytest.mark.parametrize("steepness", [1.5, 12.0])
def test_of_right_labels_nothing_is_claimed(steepness):
    _, features, true = made(3, steepness)
    judge, found = claimed(features, true)
    assert (found.claimed.data > 0.8).sum() <= 2
    assert set(judge.claims.unproven) <= set(range(K))


def test_of_labels_that_features_say_nothing_of_nothing_is_claimed_and_all_classes_are_named():
    rng, features, true = made(4)
    judge, found = claimed(features, true[rng.permutation(ROWS)])
    assert not (found.claimed.data > 0).any() and judge.claims.unproven.tolist() == list(range(K))


def test_a_class_that_contradicts_more_than_its_group_is_left_alone(monkeypatch):
    monkeypatch.setattr("labelworks.tasks.methods.multilabel.claims.GROUP", 1 << 40)
    rng = np.random.default_rng(5)
    odds = rng.normal(0, 4, (8000, 6)) - 1
    true = rng.random(odds.shape) < expit(odds)
    given = true & ~(rng.random(true.shape) < np.where(np.arange(6) == 3, 0.25, 0.06))
    found = CellClaims.fit(sparse.csr_array(given.astype(np.int8)), expit(odds))
    assert found.silent[0].tolist() == [False, False, False, True, False, False]


def test_the_share_of_noise_is_found_and_errors_of_the_score_are_none():
    rng = np.random.default_rng(6)
    sureness = np.abs(rng.normal(4, 2, 20_000))
    own = rng.random(len(sureness)) < expit(-sureness)
    assert fit_sure_side(sureness, own, 0.002) is None
    noise = rng.random(len(sureness)) < 0.1
    side = fit_sure_side(sureness, own ^ noise, 0.002)
    assert side.noise == pytest.approx(0.1 / 0.9, rel=0.2)
    some = np.linspace(3, 8, 20)
    told = side.claim(some)
    assert (np.diff(told) >= -1e-3).all() and told[-1] > 0.85
    truth = 0.1 / (0.1 + expit(-some) * 0.9)
    assert (told <= truth + 0.02).all()


def test_other_labels_are_heard_as_a_regression_on_them_and_the_features_hears_them():
    rng = np.random.default_rng(7)
    given = rng.random((ROWS, 3)) < 0.3
    alike = np.array([[1.0, 0.6, 0.0], [0.6, 1.0, 0.0], [0.0, 0.3, 1.0]])
    features = (given @ alike + 0.3 * rng.normal(size=given.shape)).astype(np.float32)
    cells = sparse.csr_array(given.astype(np.int8))
    scores = RidgeByFold.fit(TargetSums.of(features, cells, FOLDS, 5)).predict(features, FOLDS)
    others = OtherLabels.fit(scores, cells, FOLDS, 5)
    found = others.correct(scores, cells, FOLDS)
    for k in range(3):
        beside = np.column_stack([features, np.delete(given, k, axis=1)])
        peer = LinearRegression().fit(beside, given[:, k]).predict(beside)
        assert np.corrcoef(found[:, k], peer)[0, 1] > 0.99
        assert np.square(found[:, k] - given[:, k]).mean() < np.square(scores[:, k] - given[:, k]).mean()
    flipped = given.copy()
    flipped[:, 0] ^= True
    again = others.correct(scores, sparse.csr_array(flipped.astype(np.int8)), FOLDS)
    np.testing.assert_allclose(again[:, 0], found[:, 0], atol=1e-5)  # a label never speaks for itself
