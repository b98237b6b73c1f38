"""Probes in closed form from sums: equal to scikit-learn's fits on the rows, whole, merged or subtracted."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import Ridge
from sklearn.neighbors import NearestCentroid

from labelworks.tasks.methods.probes.ensemble import ProbeEnsemble
from labelworks.tasks.methods.probes.lda import SHRINKAGE, lda
from labelworks.tasks.methods.probes.prototype import prototype
from labelworks.tasks.methods.probes.ridge import PENALTY, ridge
from labelworks.tasks.methods.statistics.sums import ClassSums, FoldSums

N, D, K, F = 900, 7, 4, 5
RNG = np.random.default_rng(3)
LABELS = RNG.choice(K, N, p=[0.4, 0.3, 0.2, 0.1])
FEATURES = (RNG.normal(size=(K, D))[LABELS] + RNG.normal(size=(N, D)) @ RNG.normal(size=(D, D))).astype(
    np.float32
)
FOLDS = RNG.integers(0, F, N)


def sums(rows: np.ndarray | slice = slice(None)) -> FoldSums:
    return FoldSums.of(FEATURES[rows], LABELS[rows], FOLDS[rows], F, K)


def equal(left: FoldSums, right: FoldSums) -> None:
    for name in ("count", "total", "gram"):
        np.testing.assert_allclose(getattr(left, name), getattr(right, name), rtol=1e-5, atol=1e-3)


def test_sums_are_those_of_the_rows() -> None:
    found = sums()
    for fold in range(F):
        rows = fold == FOLDS
        exact = FEATURES[rows].astype(np.float64)
        np.testing.assert_allclose(found.gram[fold], exact.T @ exact, rtol=1e-4, atol=1e-3)
        for label in range(K):
            one = exact[LABELS[rows] == label]
            assert found.count[fold, label] == len(one)
            np.testing.assert_allclose(found.total[fold, label], one.sum(axis=0), rtol=1e-5, atol=1e-4)


def test_parts_add_up_and_subtract() -> None:
    equal(sums(slice(0, 250)) + sums(slice(250, 260)) + sums(slice(260, N)), sums())
    equal(sums() - sums(slice(0, 250)), sums(slice(250, N)))
    equal(sums(slice(0, 0)) + sums(), sums())


def test_without_folds_is_the_sum_of_the_others() -> None:
    view = sums().without(1, 3)
    keep = np.isin(FOLDS, [0, 2, 4])
    assert view.count.tolist() == np.bincount(LABELS[keep], minlength=K).tolist()
    np.testing.assert_allclose(view.means[2], FEATURES[keep & (LABELS == 2)].mean(axis=0), rtol=1e-4)


@pytest.mark.parametrize("out", [(), (2,), (0, 4)])
def test_lda_is_that_of_scikit_learn(out: tuple[int, ...]) -> None:
    rows = ~np.isin(FOLDS, out)
    X, y = FEATURES[rows].astype(np.float64), LABELS[rows]
    centred = X - np.array([X[y == label].mean(axis=0) for label in range(K)])[y]
    pooled = centred.T @ centred / (len(X) - K)

    class Pooled:
        """The covariance of all classes, shrunk as ours is."""

        def fit(self, _: np.ndarray) -> Pooled:
            spread = np.trace(pooled) / D
            self.covariance_ = (1 - SHRINKAGE) * pooled + SHRINKAGE * spread * np.eye(D)
            return self

    smoothed = (np.bincount(y, minlength=K) + 1) / (len(y) + K)
    reference = LinearDiscriminantAnalysis(solver="lsqr", covariance_estimator=Pooled(), priors=smoothed)
    weights, intercept = lda(sums().without(*out))
    np.testing.assert_allclose(
        log_softmax(FEATURES @ weights + intercept, axis=1),
        reference.fit(X, y).predict_log_proba(FEATURES),
        atol=2e-3,
    )


def test_ridge_is_that_of_scikit_learn() -> None:
    X = FEATURES.astype(np.float64)
    penalty = PENALTY * np.trace(np.cov(X.T, bias=True)) / D * N
    reference = Ridge(alpha=penalty).fit(X, np.eye(K)[LABELS])
    weights, intercept = ridge(sums().without())
    np.testing.assert_allclose(weights, reference.coef_.T, atol=1e-5)
    np.testing.assert_allclose(intercept, reference.intercept_, atol=1e-5)


def test_prototype_is_the_nearest_centroid() -> None:
    weights, intercept = prototype(sums().without())
    found = (FEATURES @ weights + intercept).argmax(axis=1)
    assert np.mean(found == NearestCentroid().fit(FEATURES, LABELS).predict(FEATURES)) > 0.999


@pytest.mark.parametrize("probe", [lda, ridge, prototype])
def test_a_class_without_rows_and_a_constant_feature_stay_finite(probe: object) -> None:
    view = sums().without()
    count, total = view.count.copy(), view.total.copy()
    count[1], total[1] = 0, 0
    flat = ClassSums(count, total * 0, view.gram * 0)
    for each in (ClassSums(count, total, view.gram), flat):
        weights, intercept = probe(each)  # type: ignore[operator]
        assert np.isfinite(weights).all()
        assert np.isfinite(intercept).all()


def test_a_row_is_judged_by_probes_that_never_saw_its_fold() -> None:
    names = ("lda", "ridge", "prototype")
    ensemble = ProbeEnsemble.fit(sums(), names)
    others = FOLDS != 2
    alone = ProbeEnsemble.fit(sums(np.flatnonzero(others)), names)
    here = FOLDS == 2
    np.testing.assert_allclose(
        ensemble.log_probs(FEATURES[here], FOLDS[here]), alone.log_probs(FEATURES[here]), atol=1e-3
    )
    assert np.abs(ensemble.log_probs(FEATURES[here]) - alone.log_probs(FEATURES[here])).max() > 1e-3


def test_excluded_folds_are_seen_by_no_probe() -> None:
    ensemble = ProbeEnsemble.fit(sums(), ("lda",), exclude=(0,))
    moved = FEATURES + np.float32(100) * (FOLDS == 0)[:, None]
    other = ProbeEnsemble.fit(FoldSums.of(moved, LABELS, FOLDS, F, K), ("lda",), exclude=(0,))
    for folds in (FOLDS, None):
        np.testing.assert_array_equal(ensemble.log_probs(FEATURES, folds), other.log_probs(FEATURES, folds))


def test_calibration_lowers_the_loss_and_rows_sum_to_one() -> None:
    raw = ProbeEnsemble.fit(sums(), ("lda", "ridge", "prototype"))
    fitted = raw.calibrate(FEATURES, LABELS, FOLDS)
    rows = np.arange(N)
    loss = [-each.log_probs(FEATURES, FOLDS)[rows, LABELS].mean() for each in (raw, fitted)]
    assert loss[1] < loss[0]
    np.testing.assert_allclose(np.exp(fitted.log_probs(FEATURES, FOLDS)).sum(axis=1), 1.0, atol=1e-5)


def test_columns_have_no_more_say_for_the_unit_that_they_are_written_in():
    rng = np.random.default_rng(8)
    labels, folds = rng.integers(0, 3, 600), np.arange(600) % 5
    features = rng.normal(size=(600, 6)) + 1.5 * np.eye(3, 6)[labels]
    plain, scaled = (
        ProbeEnsemble.fit(FoldSums.of(rows, labels, folds, 5, 3), ["lda", "ridge", "prototype"]).log_probs(
            rows, folds
        )
        for rows in (features.astype(np.float32), (features * 10.0 ** np.arange(-3, 3)).astype(np.float32))
    )
    np.testing.assert_allclose(scaled, plain, atol=1e-2)


def test_rows_that_are_the_same_but_for_rounding_tell_the_class_shares() -> None:
    rounding = ClassSums(np.array([30.0, 10.0]), np.zeros((2, 3)), np.full((3, 3), -1e-6))
    weights, intercept = lda(rounding)
    assert not weights.any()
    np.testing.assert_allclose(np.exp(intercept), [31 / 42, 11 / 42])
    weights, intercept = ridge(rounding)
    assert not weights.any()
    np.testing.assert_allclose(intercept, [0.75, 0.25])
    mixed = ClassSums(np.array([30.0, 10.0]), np.zeros((2, 3)), np.diag([2e-6, 0, 0]) - 1e-6)
    mixed.gram[1, 1] += 1.5e-6
    assert np.isfinite(lda(mixed)[0]).all()
    far = ClassSums(np.array([30.0, 10.0]), np.array([[30.0] * 3, [-10.0] * 3]), np.full((3, 3), 40 - 1e-6))
    weights, intercept = lda(far)  # within classes rows are the same, between them they aren't
    assert np.argmax(np.ones(3) @ weights + intercept) == 0
    assert np.argmax(-np.ones(3) @ weights + intercept) == 1
