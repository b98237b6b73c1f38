"""Labels that are no single class: out-of-sample predictions, and what is decided by them."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, cross_val_predict

from labelworks.schemas.config.run import TreatConfig
from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.probes.ridge_by_fold import PENALTIES, leave_fold_out
from labelworks.tasks.methods.treatment import other_tasks
from labelworks.tasks.methods.treatment.other_tasks import (
    class_probabilities,
    judge_multilabel,
    judge_regression,
)

ROWS, DIM, K = 500, 6, 4
FOLDS = np.arange(ROWS) // (ROWS // 5)


def several(noise=0.05):
    rng = np.random.default_rng(0)
    true = rng.random((ROWS, K)) < 0.3
    features = (5 * true @ np.eye(K, DIM) + rng.normal(size=(ROWS, DIM))).astype(np.float32)
    wrong = rng.random((ROWS, K)) < noise
    return features, true, wrong, sparse.csr_array((true ^ wrong).astype(np.int8))


def test_predictions_are_those_of_ridge_regression_without_the_fold(monkeypatch):
    monkeypatch.setattr("labelworks.tasks.methods.probes.ridge_by_fold.PENALTIES", (0.1,))
    features, _, _, given = several()
    found = leave_fold_out(features, given, FOLDS)
    np.testing.assert_allclose(found, leave_fold_out(features, given.toarray(), FOLDS), atol=1e-4)
    expected = np.empty((ROWS, K))
    for fold in range(5):
        seen, here = fold != FOLDS, fold == FOLDS
        part = features[seen].astype(float)
        scatter = (part - part.mean(axis=0)).T @ (part - part.mean(axis=0))
        peer = Ridge(alpha=0.1 * np.trace(scatter) / DIM).fit(part, given.toarray()[seen])
        expected[here] = peer.predict(features[here].astype(float))
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_the_penalty_is_the_best_out_of_sample_and_rows_left_out_teach_nothing():
    rng = np.random.default_rng(1)
    features = rng.normal(size=(ROWS, 200)).astype(np.float32)
    targets = features[:, :1].astype(float) + rng.normal(size=(ROWS, 1))
    found = leave_fold_out(features, targets, FOLDS)
    peers = (Ridge(penalty * ROWS * 0.8) for penalty in PENALTIES)
    guesses = [cross_val_predict(peer, features, targets[:, 0], cv=KFold(5)) for peer in peers]
    errors = [np.square(targets[:, 0] - guess).sum() for guess in guesses]
    assert np.square(targets - found).sum() == pytest.approx(min(errors), rel=0.02)
    kept = np.arange(ROWS) % 10 > 0
    spoilt = np.where(kept[:, None], targets, 1e6)
    plain = leave_fold_out(features, targets, FOLDS, kept)
    np.testing.assert_allclose(leave_fold_out(features, spoilt, FOLDS, kept), plain, atol=1e-3)


def test_probabilities_are_calibrated():
    features, true, _, given = several(noise=0)
    probs = class_probabilities(given, features, FOLDS)
    assert ((probs > 0.5) == true).mean() > 0.97
    for low, high in ((0, 0.1), (0.9, 1)):
        inside = (probs >= low) & (probs <= high)
        assert true[inside].mean() == pytest.approx(probs[inside].mean(), abs=0.03)


def test_wrong_cells_are_mended_by_mode():
    features, true, wrong, given = several()
    for mode, changes, weighs in (("both", 1, 1), ("relabel", 1, 0), ("reweight", 0, 1), ("none", 0, 0)):
        found = judge_multilabel(given, features, FOLDS, TreatConfig(mode=mode, relabel_over=0.6))
        after = found.labels.toarray() > 0
        assert ((after ^ true).sum() < wrong.sum() / 2) == bool(changes)
        assert ((after != (true ^ wrong)).any()) == bool(changes)
        assert (found.weight.min() < 0.7) == bool(weighs)
    assert found.findings.rate == pytest.approx(wrong.sum() / (true | (true ^ wrong)).sum(), abs=0.05)
    assert found.findings.rate_interval[0] < found.findings.rate < found.findings.rate_interval[1]


@pytest.mark.parametrize("density", [0.3, 0.08])
@pytest.mark.parametrize("strength", [0.5, 1.2, 2.0, 4.0])
def test_where_features_tell_little_little_is_changed_and_no_damage_done(density, strength):
    rng = np.random.default_rng(0)
    true = rng.random((1000, 6)) < density
    features = (strength * true @ np.eye(6, 8) + rng.normal(size=(1000, 8))).astype(np.float32)
    given = true ^ (rng.random((1000, 6)) < 0.15 * density)
    folds = np.arange(1000) % 5
    found = judge_multilabel(sparse.csr_array(given.astype(np.int8)), features, folds, TreatConfig())
    after = found.labels.toarray() > 0
    assert (after != true).sum() <= 1.1 * (given != true).sum()
    if strength == 4:
        assert (after != true).sum() < 0.6 * (given != true).sum()
    if strength <= 1.2:
        assert found.flag.mean() < 0.15
    clean = judge_multilabel(sparse.csr_array(true.astype(np.int8)), features, folds, TreatConfig())
    assert ((clean.labels.toarray() > 0) != true).mean() < 0.01


def test_nothing_is_added_to_or_taken_from_a_class_of_few_rows():
    rng = np.random.default_rng(0)
    true = rng.random((ROWS, K)) < 0.3
    rare = np.arange(0, ROWS, 41)
    true[:, 0] = np.isin(np.arange(ROWS), rare)
    features = (12 * true @ np.eye(K, DIM) + rng.normal(size=(ROWS, DIM))).astype(np.float32)
    given = true ^ (rng.random((ROWS, K)) < 0.05)
    given[:, 0] = true[:, 0]
    given[rare[9:], 0] = False  # nine rows are left of it
    matrix = sparse.csr_array(given.astype(np.int8))
    found = judge_multilabel(matrix, features, FOLDS, TreatConfig())
    after = found.labels.toarray() > 0
    assert (after[:, 0] == given[:, 0]).all() and (after[:, 1:] != given[:, 1:]).any()
    lost = rare[9:][found.likelier.toarray()[rare[9:], 0] > 0]
    lost = lost[(after == given)[lost].all(axis=1)]
    assert len(lost) and (found.action[lost] == 2).all() and (found.weight[lost] == 1).all()
    free = judge_multilabel(matrix, features, FOLDS, TreatConfig(min_class_rows=0))
    assert (free.labels.toarray()[lost, 0] == 1).any()


def test_too_many_cells_are_refused(monkeypatch):
    monkeypatch.setattr(other_tasks, "CELLS", 1999)
    features, _, _, given = several()
    with pytest.raises(InputError, match="500 rows of 4 labels are too many"):
        class_probabilities(given, features, FOLDS)


def test_gross_errors_do_not_hide_the_others():
    rng = np.random.default_rng(2)
    features = rng.normal(size=(ROWS, 4)).astype(np.float32)
    true = features @ np.arange(1.0, 5) + 0.1 * rng.normal(size=ROWS)
    given = true.copy()
    given[:10] += 1e4
    low, high = 10 + np.argsort(true[10:])[[25, -25]]
    given[[low, high]] = given[[high, low]]
    found = judge_regression(given, features, FOLDS, TreatConfig())
    assert found.flag[:10].all()
    np.testing.assert_allclose(found.labels[[low, high]], true[[low, high]])
    assert found.findings.swapped == 2
    assert found.findings.r_squared > 0.98
    assert (found.labels[:10] == given[:10]).all()
