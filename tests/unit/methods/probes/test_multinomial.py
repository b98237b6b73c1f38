"""The probe that needs rows: equal to scikit-learn's fit where it ends, out of sample by fold on the way."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

from schemas.config import DetectConfig
from tasks.methods.label_model import LabelModel, Sample
from tasks.methods.probes import multinomial as module
from tasks.methods.probes.ensemble import ProbeEnsemble
from tasks.methods.probes.lda import lda
from tasks.methods.probes.multinomial import LOGIT_VARIANCE, multinomial
from tasks.methods.probes.sums import Sums

N, D, K, F = 800, 6, 4, 5
RNG = np.random.default_rng(5)
FEATURES = (RNG.normal(size=(N, D)) @ RNG.normal(size=(D, D)) + 3).astype(np.float32)
LOGITS = (FEATURES - 3) @ RNG.normal(size=(D, K)) / 2 + [0.5, 0, 0, -0.5]
LABELS = (LOGITS + RNG.gumbel(size=(N, K))).argmax(axis=1)
FOLDS = np.arange(N) % F


def fitted(labels: np.ndarray = LABELS, folds: np.ndarray = FOLDS) -> ProbeEnsemble:
    sums = Sums.of(FEATURES, labels, folds, F, K)
    return ProbeEnsemble.fit(sums, ("lda", "multinomial")).calibrate(FEATURES, labels, folds)


def test_it_ends_where_scikit_learn_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STEPS", 500)
    monkeypatch.setattr(module, "BLOCK", 300)
    view = Sums.of(FEATURES, LABELS, FOLDS, F, K).without()
    weights, intercept = multinomial(view, FEATURES, LABELS, lda(view))
    rows = FEATURES.astype(np.float64)
    strength = LOGIT_VARIANCE / np.trace(np.cov(rows.T, bias=True))
    reference = LogisticRegression(C=strength, max_iter=5000, tol=1e-8).fit(rows, LABELS)
    found = log_softmax(rows @ weights + intercept, axis=1)
    np.testing.assert_allclose(found, reference.predict_log_proba(rows), rtol=2e-3, atol=5e-3)


def test_a_few_steps_from_a_closed_form_come_near() -> None:
    view = Sums.of(FEATURES, LABELS, FOLDS, F, K).without()
    rows = FEATURES.astype(np.float64)
    strength = LOGIT_VARIANCE / np.trace(np.cov(rows.T, bias=True))
    reference = LogisticRegression(C=strength, max_iter=5000, tol=1e-8).fit(rows, LABELS)

    def loss(log_probs: np.ndarray) -> float:
        return float(-log_probs[np.arange(N), LABELS].mean())

    start, (weights, intercept) = lda(view), multinomial(view, FEATURES, LABELS, lda(view))
    least = loss(reference.predict_log_proba(rows))
    before = loss(log_softmax(rows @ start[0] + start[1], axis=1))
    assert loss(log_softmax(rows @ weights + intercept, axis=1)) - least < (before - least) / 5


def test_a_row_is_judged_by_a_fit_without_its_fold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STEPS", 500)  # where it ends doesn't depend on where it starts
    other = np.where(FOLDS == 2, (LABELS + 1) % K, LABELS)
    mine, theirs = (fitted(labels).models for labels in (LABELS, other))
    here = FEATURES[FOLDS == 2].astype(np.float64)

    def said(model: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        return log_softmax(here @ model[0] + model[1], axis=1)

    np.testing.assert_allclose(said(mine[2][1]), said(theirs[2][1]), atol=1e-2)
    assert np.abs(said(mine[3][1]) - said(theirs[3][1])).max() > 0.1
    assert np.abs(said(mine[-1][1]) - said(theirs[-1][1])).max() > 0.1


def test_a_fold_without_a_row_in_the_sample_gets_the_fit_to_all_of_it() -> None:
    seen = FOLDS != 0
    sums = Sums.of(FEATURES, LABELS, FOLDS, F, K)
    found = ProbeEnsemble.fit(sums, ("lda", "multinomial"), exclude=(0,))
    found = found.calibrate(FEATURES[seen], LABELS[seen], FOLDS[seen])
    np.testing.assert_array_equal(found.models[0][1][0], found.models[-1][1][0])


def test_a_class_without_rows_and_constant_features_stay_finite() -> None:
    labels = np.where(LABELS == 1, 0, LABELS)
    for features in (FEATURES, np.ones_like(FEATURES)):
        view = Sums.of(features, labels, FOLDS, F, K).without()
        for each in multinomial(view, features, labels, lda(view)):
            assert np.isfinite(each).all()


@pytest.mark.parametrize("probes", [("multinomial",), ("lda", "prototype", "multinomial")])
def test_a_run_can_name_it(probes: tuple[str, ...]) -> None:
    rng = np.random.default_rng(7)
    wrong = rng.random(N) < 0.15
    means = 3 * np.eye(K, D)
    features = (means[LABELS] + rng.normal(size=(N, D))).astype(np.float32)
    given = np.where(wrong, (LABELS + rng.integers(1, K, N)) % K, LABELS).astype(np.int32)
    sample = Sample(features, given, FOLDS)
    sums = Sums.of(features, given, FOLDS, F, K)
    judged = LabelModel.fit(sums, sample, DetectConfig(probes=probes)).judge(sample)
    assert np.mean(wrong[judged.flag]) > 0.8
    assert np.mean(judged.flag[wrong]) > 0.7
