"""Probes of random features: as scikit-learn fits them, out of sample, and taken only where they help."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from labelworks.tasks.methods.probes.ensemble import ProbeEnsemble
from labelworks.tasks.methods.probes.random_features_choice import choose_random_features, maps
from labelworks.tasks.methods.probes.ridge import PENALTY
from labelworks.tasks.methods.statistics.folds import HOLDOUT
from labelworks.tasks.methods.statistics.random_features import RandomFeatures
from labelworks.tasks.methods.statistics.sums import FoldSums

N, F, K = 1500, 5, 2
PROBES = ("lda", "ridge", "prototype", "fourier-lda", "fourier-ridge")
LINEAR = PROBES[:3]
RNG = np.random.default_rng(2)
FOLDS = RNG.integers(0, F, N)


def rings(units: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Two classes, one around the other, of which a tenth of the labels is wrong: no plane parts them."""
    label = RNG.integers(0, 2, N)
    angle = RNG.uniform(0, 2 * np.pi, N)
    radius = 1 + 1.5 * label + RNG.normal(scale=0.2, size=N)
    rows = np.stack([radius * np.cos(angle), radius * np.sin(angle) * units], axis=1)
    return rows.astype(np.float32), np.where(RNG.random(N) < 0.1, 1 - label, label)


def blobs() -> tuple[np.ndarray, np.ndarray]:
    """Two Gaussian classes of one covariance, which LDA is best at."""
    label = RNG.integers(0, 2, N)
    return (RNG.normal(size=(N, 8)) + label[:, None]).astype(np.float32), label


def chosen(features: np.ndarray, labels: np.ndarray, *, own_units: bool = False) -> RandomFeatures | None:
    sums = FoldSums.of(features, labels, FOLDS, F, K)
    return choose_random_features(sums, features, labels, FOLDS, None, PROBES, own_units=own_units)


def probs(features: np.ndarray, labels: np.ndarray, random: RandomFeatures | None) -> np.ndarray:
    sums = FoldSums.of(features, labels, FOLDS, F, K, random=random)
    return ProbeEnsemble.fit(sums, PROBES).calibrate(features, labels, FOLDS).log_probs(features, FOLDS)


def test_taken_where_no_plane_parts_the_classes() -> None:
    features, labels = rings()
    random = chosen(features, labels)
    assert random is not None
    rows = np.arange(N)
    before, after = (-probs(features, labels, each)[rows, labels].mean() for each in (None, random))
    assert before > 0.66  # as good as nothing
    assert after < 0.42  # the noise alone makes .33


def test_left_where_planes_part_them() -> None:
    assert chosen(*blobs()) is None


def test_left_where_labels_are_by_chance() -> None:
    assert chosen(rings()[0], RNG.integers(0, 2, N)) is None


def test_units_of_their_own_are_scaled_away() -> None:
    features, labels = rings(units=1e4)
    random = chosen(features, labels, own_units=True)
    assert random is not None
    assert 0.2e4 < random.scale[1] / random.scale[0] < 5e4
    assert (probs(features, labels, random).argmax(axis=1) == labels).mean() > 0.85


def test_what_is_held_out_does_not_choose() -> None:
    features, labels = rings()
    other = labels.copy()
    held = FOLDS == HOLDOUT
    other[held] = 1 - other[held]
    found, again = chosen(features, labels), chosen(features, other)
    assert found is not None
    assert found.same(again)


def test_few_more_rows_are_the_same_map() -> None:
    features, labels = rings()
    sums = FoldSums.of(features, labels, FOLDS, F, K)
    less = sums - FoldSums.of(features[:20], labels[:20], FOLDS[:20], F, K)
    for one, other in zip(
        maps(sums.without(HOLDOUT), own_units=True), maps(less.without(HOLDOUT), own_units=True), strict=True
    ):
        assert one.same(other)


def test_rows_that_are_all_the_same_have_no_map() -> None:
    assert chosen(np.ones((N, 3), np.float32), RNG.integers(0, 2, N), own_units=True) is None


@pytest.mark.parametrize("fold", range(F))
def test_a_fold_is_judged_by_probes_that_never_saw_it(fold: int) -> None:
    features, labels = rings()
    (random, *_) = maps(FoldSums.of(features, labels, FOLDS, F, K).without(), own_units=False)
    names = (*LINEAR, "fourier-ridge")
    fitted = ProbeEnsemble.fit(FoldSums.of(features, labels, FOLDS, F, K, random=random), names)
    here = fold == FOLDS
    assert fitted.fourier is not None
    (found,) = fitted.fourier.logits(features[here], FOLDS[here])
    mapped = random.rows(features).astype(np.float64)
    seen, target = mapped[~here], np.eye(K)[labels[~here]]
    scale = np.trace(np.cov(seen.T, bias=True)) / seen.shape[1]
    exact = Ridge(alpha=PENALTY * scale * len(seen)).fit(seen, target).predict(mapped[here])
    np.testing.assert_allclose(found[:, 1] - found[:, 0], exact[:, 1] - exact[:, 0], atol=2e-3)
