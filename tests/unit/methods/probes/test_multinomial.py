"""The probe that needs rows: as good as scikit-learn's fit on rows it never saw, out of sample by fold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_softmax, softmax
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from labelworks.schemas.config.detect import DetectConfig
from labelworks.tasks.methods.noise_judge import NoiseJudge, Sample
from labelworks.tasks.methods.probes import multinomial as module
from labelworks.tasks.methods.probes.ensemble import ProbeEnsemble
from labelworks.tasks.methods.probes.multinomial import multinomial
from labelworks.tasks.methods.statistics.sums import FoldSums
from labelworks.tasks.planning.values import judge_options

N, D, K, F = 800, 6, 4, 5
RNG = np.random.default_rng(5)
FEATURES = (RNG.normal(size=(N, D)) @ RNG.normal(size=(D, D)) + 3).astype(np.float32)
LOGITS = (FEATURES - 3) @ RNG.normal(size=(D, K)) / 2 + [0.5, 0, 0, -0.5]
LABELS = (LOGITS + RNG.gumbel(size=(N, K))).argmax(axis=1)
FOLDS = np.arange(N) % F


def loss(log_probs: np.ndarray, labels: np.ndarray) -> float:
    return float(-log_probs[np.arange(len(labels)), labels].mean())


def said(model: tuple[np.ndarray, np.ndarray], rows: np.ndarray) -> np.ndarray:
    return log_softmax(rows.astype(np.float64) @ model[0] + model[1], axis=1)


def fitted(labels: np.ndarray = LABELS) -> ProbeEnsemble:
    sums = FoldSums.of(FEATURES, labels, FOLDS, F, K)
    return ProbeEnsemble.fit(sums, ("lda", "multinomial")).calibrate(FEATURES, labels, FOLDS)


def test_errors_are_the_gradient_of_the_log_loss() -> None:
    logits = LOGITS.astype(np.float32)
    found, errors = module.log_loss(logits.copy(), LABELS)
    assert found == pytest.approx(loss(log_softmax(LOGITS, axis=1), LABELS), rel=1e-5)
    np.testing.assert_allclose(errors, softmax(LOGITS, axis=1) - np.eye(K)[LABELS], atol=1e-5)


def test_rows_never_seen_are_foretold_as_by_the_maximum_likelihood() -> None:
    digits = load_digits()
    pixels, classes, seen = (
        digits.data.astype(np.float32),
        digits.target,
        np.arange(len(digits.target)) % 3 > 0,
    )
    for rows, labels, train in ((FEATURES, LABELS, FOLDS > 0), (pixels, classes, seen)):
        reference = LogisticRegression(max_iter=5000).fit(rows[train], labels[train])
        known = loss(reference.predict_log_proba(rows[~train]), labels[~train])
        found = multinomial(rows[train], labels[train], labels.max() + 1)
        assert loss(said(found, rows[~train]), labels[~train]) < 1.1 * known


def test_more_steps_end_where_scikit_learn_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PASSES", 2000)
    model = multinomial(FEATURES, LABELS, K)
    reference = LogisticRegression(C=1e4, max_iter=5000, tol=1e-8).fit(FEATURES.astype(np.float64), LABELS)
    least = loss(reference.predict_log_proba(FEATURES), LABELS)
    assert loss(said(model, FEATURES), LABELS) == pytest.approx(least, rel=2e-3)


def test_a_rate_too_high_is_lowered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RATE", 4000.0)
    monkeypatch.setattr(module, "SLOWER", 8)
    model = multinomial(FEATURES, LABELS, K)
    assert loss(said(model, FEATURES), LABELS) < np.log(K)


def test_the_unit_of_a_feature_does_not_matter() -> None:
    moved = FEATURES * np.float32(1000) - np.float32(7)
    np.testing.assert_allclose(
        said(multinomial(moved, LABELS, K), moved),
        said(multinomial(FEATURES, LABELS, K), FEATURES),
        atol=0.02,
    )


def test_a_row_is_judged_by_a_fit_without_its_fold() -> None:
    other = np.where(FOLDS == 2, (LABELS + 1) % K, LABELS)
    mine, theirs = (fitted(labels).models for labels in (LABELS, other))
    here = FEATURES[FOLDS == 2]
    np.testing.assert_array_equal(said(mine[2][1], here), said(theirs[2][1], here))
    assert np.abs(said(mine[3][1], here) - said(theirs[3][1], here)).max() > 0.1
    assert np.abs(said(mine[-1][1], here) - said(theirs[-1][1], here)).max() > 0.1


def test_what_sees_all_rows_is_the_average_of_the_folds() -> None:
    models = fitted().models
    np.testing.assert_allclose(models[-1][1][0], np.mean([model[1][0] for model in models[:-1]], axis=0))


def test_a_fold_without_a_row_in_the_sample_gets_the_fit_to_all_of_it() -> None:
    seen = FOLDS != 0
    sums = FoldSums.of(FEATURES, LABELS, FOLDS, F, K)
    found = ProbeEnsemble.fit(sums, ("lda", "multinomial"), exclude=(0,))
    found = found.calibrate(FEATURES[seen], LABELS[seen], FOLDS[seen])
    np.testing.assert_array_equal(found.models[0][1][0], found.models[-1][1][0])


def test_a_sample_in_one_fold_leaves_that_fold_out_of_sample() -> None:
    first = ProbeEnsemble.fit(FoldSums.of(FEATURES, LABELS, FOLDS, F, K), ("multinomial",))
    found = first.calibrate(*(each[FOLDS == 1] for each in (FEATURES, LABELS, FOLDS)))
    np.testing.assert_array_equal(found.models[1][0][0], first.models[1][0][0])
    np.testing.assert_array_equal(found.models[0][0][0], found.models[-1][0][0])


def test_a_class_without_rows_and_constant_features_stay_finite() -> None:
    labels = np.where(LABELS == 1, 0, LABELS)
    for features in (FEATURES, np.ones_like(FEATURES)):
        for each in multinomial(features, labels, K):
            assert np.isfinite(each).all()


@pytest.mark.parametrize("probes", [("multinomial",), ("prototype", "multinomial")])
def test_a_run_can_name_it(probes: tuple[str, ...]) -> None:
    rng = np.random.default_rng(7)
    wrong = rng.random(N) < 0.15
    means = 3 * np.eye(K, D)
    features = (means[LABELS] + rng.normal(size=(N, D))).astype(np.float32)
    given = np.where(wrong, (LABELS + rng.integers(1, K, N)) % K, LABELS).astype(np.int32)
    sample = Sample(features, given, FOLDS)
    sums = FoldSums.of(features, given, FOLDS, F, K)
    judged = NoiseJudge.fit(sums, sample, judge_options(DetectConfig(probes=probes))).judge(sample)
    assert np.mean(wrong[judged.flag]) > 0.8
    assert np.mean(judged.flag[wrong]) > 0.7
