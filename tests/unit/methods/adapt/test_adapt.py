"""Maps of a frozen embedding: each against a reference on the rows themselves, and none sees its own fold."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from scipy.linalg import subspace_angles
from scipy.optimize import approx_fprime, minimize
from scipy.special import log_softmax
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import Ridge

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.adapt.discriminant import discriminant
from labelworks.tasks.methods.adapt.nmtune import Spectrum, nmtune
from labelworks.tasks.methods.adapt.whiten import whiten
from labelworks.tasks.methods.probes.affine import Affine, moments
from labelworks.tasks.methods.probes.ensemble import ProbeEnsemble
from labelworks.tasks.methods.probes.lda import lda
from labelworks.tasks.methods.probes.ridge import ridge
from labelworks.tasks.methods.registry import methods
from labelworks.tasks.methods.statistics.sums import ClassSums, FoldSums

CLASSES, DIM, ROWS = 4, 9, 900
NAMES = ("lda", "ridge", "prototype")


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, ROWS)
    centres = rng.normal(size=(CLASSES, DIM))
    turn = rng.normal(size=(DIM, DIM))
    return (centres[labels] + rng.normal(size=(ROWS, DIM)) @ turn + 3).astype(np.float32), labels


def sums_of(rows: np.ndarray, labels: np.ndarray) -> ClassSums:
    return FoldSums.of(rows, labels, np.zeros(len(rows), int), 1, CLASSES).without()


def test_sums_of_mapped_rows_are_mapped_sums_and_a_probe_takes_the_map_up(data: tuple) -> None:
    rows, labels = data
    rng = np.random.default_rng(1)
    map_ = Affine(rng.normal(size=DIM), rng.normal(size=(DIM, 5)))
    mapped = map_.rows(rows)
    found, direct = map_.sums(sums_of(rows, labels)), sums_of(mapped.astype(np.float32), labels)
    for name in ("count", "total", "gram"):
        np.testing.assert_allclose(getattr(found, name), getattr(direct, name), rtol=1e-3, atol=0.5)
    for probe in (lda, ridge):
        weights, intercept = probe(found)
        whole, offset = map_.before(weights, intercept)
        np.testing.assert_allclose(rows @ whole + offset, mapped @ weights + intercept, rtol=1e-4, atol=1e-4)


def test_whitened_rows_have_unit_covariance_and_keep_their_axes(data: tuple) -> None:
    rows, labels = data
    map_ = whiten(sums_of(rows, labels), shrinkage=0.0)
    covariance = np.cov(map_.rows(rows), rowvar=False, bias=True)
    np.testing.assert_allclose(covariance, np.eye(DIM), atol=1e-3)
    np.testing.assert_allclose(map_.matrix, map_.matrix.T, atol=1e-9)
    assert np.linalg.eigvalsh(map_.matrix).min() > 0
    flat = np.column_stack([rows, np.full(ROWS, 2.0)]).astype(np.float32)
    assert np.isfinite(whiten(sums_of(flat, labels)).matrix).all()


def test_the_first_round_of_pro2_spans_what_lda_spans(data: tuple) -> None:
    rows, labels = data
    found = discriminant(sums_of(rows, labels), rounds=1)
    theirs = LinearDiscriminantAnalysis(solver="eigen", shrinkage=0.1).fit(rows, labels)
    assert found.matrix.shape == (DIM, CLASSES - 1)
    np.testing.assert_allclose(found.matrix.T @ found.matrix, np.eye(CLASSES - 1), atol=1e-9)
    assert subspace_angles(found.matrix, theirs.scalings_[:, : CLASSES - 1]).max() < 0.15


def test_each_direction_of_pro2_is_the_best_that_is_orthogonal_to_those_before(data: tuple) -> None:
    rows, labels = data
    rows, labels = rows[labels < 2], labels[labels < 2]
    found = discriminant(sums_of(rows, labels), rounds=4).matrix
    assert found.shape == (DIM, 4)
    np.testing.assert_allclose(found.T @ found, np.eye(4), atol=1e-9)
    means = np.stack([rows[labels == k].mean(0) for k in range(2)]).astype(float)
    within = np.mean([np.cov(rows[labels == k], rowvar=False, bias=True) for k in range(2)], axis=0)
    share = np.bincount(labels) / len(labels)
    within = sum(s * np.cov(rows[labels == k], rowvar=False, bias=True) for k, s in enumerate(share))
    within = 0.9 * within + 0.1 * np.trace(within) / DIM * np.eye(DIM)
    for place in range(4):
        before = found[:, :place]

        def ratio(direction: np.ndarray, before: np.ndarray = before) -> float:
            free = direction - before @ (before.T @ direction)
            return -((free @ (means[1] - means[0])) ** 2) / (free @ within @ free)

        best = min(minimize(ratio, start).fun for start in np.eye(DIM))
        assert ratio(found[:, place]) == pytest.approx(best, rel=1e-3)


def test_pro2_takes_no_more_directions_than_there_are(data: tuple) -> None:
    rows, labels = data
    assert discriminant(sums_of(rows[:, :2], labels), rounds=9).matrix.shape == (2, 2)


def test_the_loss_of_nmtune_is_that_of_a_ridge_probe_and_the_papers_regularisers(data: tuple) -> None:
    rows, labels = data
    sums = sums_of(rows, labels)
    mean, covariance = moments(sums)
    values, vectors = np.linalg.eigh(covariance)
    spectrum = Spectrum.of(sums, values, vectors, penalty=0.3, strength=0.05)
    scales = np.random.default_rng(2).uniform(0.2, 3, DIM)
    centred = (rows.astype(float) - mean) @ vectors
    mapped, hot = centred * scales, np.eye(CLASSES)[labels]
    probe = Ridge(alpha=0.3 * ROWS).fit(mapped, hot)
    fit = np.square(hot - probe.predict(mapped)).sum() / ROWS + 0.3 * np.square(probe.coef_).sum()
    stay = np.square(mapped - centred).sum() / np.square(centred).sum()
    singular = np.linalg.svd(mapped, compute_uv=False)
    loss = fit / hot.var(axis=0).sum() + 0.05 * (stay - singular[0] / singular.sum())
    found, slope = spectrum.loss(scales)
    assert found == pytest.approx(loss, rel=1e-4)
    numeric = approx_fprime(scales, lambda each: spectrum.loss(each)[0], 1e-7)
    np.testing.assert_allclose(slope, numeric, atol=1e-5)
    best = spectrum.best()
    for _ in range(50):
        moved = np.abs(best + np.random.default_rng(_).normal(size=DIM) * 0.05)
        assert spectrum.loss(moved)[0] >= spectrum.loss(best)[0] - 1e-9


def test_nmtune_lifts_the_directions_that_tell_classes_apart() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 2000)
    rows = rng.normal(size=(2000, 3)) * [5, 1, 1]
    rows[:, 1] += 2 * labels
    sums = FoldSums.of(rows.astype(np.float32), labels, labels * 0, 1, 2).without()
    found = nmtune(sums)
    scales = np.linalg.norm(found.matrix, axis=0)
    assert scales.argmax() == np.abs(found.matrix[1] / scales).argmax()


@pytest.mark.parametrize("adapt", [whiten, discriminant, nmtune, partial(discriminant, rounds=1)])
def test_the_ensemble_is_that_of_rows_mapped_by_what_the_other_folds_say(adapt: object, data: tuple) -> None:
    rows, labels = data
    folds = np.arange(ROWS) % 3
    sums = FoldSums.of(rows, labels, folds, 3, CLASSES)
    found = ProbeEnsemble.fit(sums, NAMES, adapt=adapt)
    got = found.log_probs(rows, folds)
    for fold in range(3):
        here, rest = folds == fold, folds != fold
        map_ = adapt(sums_of(rows[rest], labels[rest]))
        mapped = map_.rows(rows).astype(np.float32)
        alone = FoldSums.of(mapped[rest], labels[rest], np.zeros(rest.sum(), int), 1, CLASSES)
        width = mapped.shape[1]
        as_it_is = Affine(np.zeros(width), np.eye(width))  # or its columns would be scaled
        theirs = ProbeEnsemble.fit(alone, NAMES, adapt=lambda _, same=as_it_is: same).log_probs(mapped[here])
        np.testing.assert_allclose(got[here], theirs, atol=2e-2)
        np.testing.assert_array_equal(got[here].argmax(1), theirs.argmax(1))


@pytest.mark.parametrize("name", ["whiten", "discriminant", "nmtune"])
def test_a_row_s_own_label_changes_nothing_for_its_fold(name: str, data: tuple) -> None:
    rows, labels = data
    adapt = next(each.target for each in methods("adapt") if each.name == name)
    folds = np.arange(ROWS) % 3
    before = ProbeEnsemble.fit(FoldSums.of(rows, labels, folds, 3, CLASSES), NAMES, adapt=adapt)
    moved, other = rows.copy(), labels.copy()
    moved[folds == 1] += 50.0
    other[folds == 1] = 0
    after = ProbeEnsemble.fit(FoldSums.of(moved, other, folds, 3, CLASSES), NAMES, adapt=adapt)
    for one, two in zip(before.models[1], after.models[1], strict=True):
        np.testing.assert_allclose(one[0], two[0], rtol=2e-2, atol=2e-3)
    assert np.abs(before.models[0][0][0] - after.models[0][0][0]).max() > 0.01


def test_probabilities_still_are_some(data: tuple) -> None:
    rows, labels = data
    sums = FoldSums.of(rows, labels, np.arange(ROWS) % 3, 3, CLASSES)
    for method in methods("adapt"):
        found = ProbeEnsemble.fit(sums, NAMES, adapt=method.target).log_probs(rows, np.arange(ROWS) % 3)
        np.testing.assert_allclose(found, log_softmax(found, axis=1), atol=1e-4)


@pytest.mark.parametrize(
    ("method", "options"),
    [(whiten, {"shrinkage": 2}), (discriminant, {"rounds": 0}), (nmtune, {"strength": 0})],
)
def test_options_that_make_no_sense_are_refused(method: object, options: dict, data: tuple) -> None:
    with pytest.raises(ConfigError) as caught:
        method(sums_of(*data), **options)
    assert caught.value.where == "detect.adapt.options"


def test_a_diagonal_map_may_be_given_by_its_diagonal() -> None:
    rng = np.random.default_rng(4)
    rows, scale, centre = rng.normal(size=(40, 6)), rng.uniform(0.5, 2, 6), rng.normal(size=6)
    sums = FoldSums.of(rows, rng.integers(0, 3, 40), np.zeros(40, np.int64), 1, 3).without()
    weights, intercept = rng.normal(size=(6, 3)), rng.normal(size=3)
    thin, dense = Affine(centre, scale), Affine(centre, np.diag(scale))
    assert np.allclose(thin.rows(rows), dense.rows(rows))
    assert np.allclose(thin.sums(sums).gram, dense.sums(sums).gram)
    assert np.allclose(thin.sums(sums).total, dense.sums(sums).total)
    for own, other in zip(thin.before(weights, intercept), dense.before(weights, intercept), strict=True):
        assert np.allclose(own, other)
