"""Labels flipped together in a small region: found where planted, and not on clean or on noisy tables."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.preprocessing import StandardScaler

from labelworks.tasks.methods.poison.clusters import Region, odd_regions
from labelworks.tasks.methods.poison.linear import linear_probs

TABLES, ROWS, CLASSES, DIMS = 40, 600, 4, 8


def made(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Classes that overlap somewhat, of unequal shares."""
    given = rng.choice(CLASSES, ROWS, p=[0.4, 0.3, 0.2, 0.1])
    middles = rng.normal(size=(CLASSES, DIMS)) * 2
    return middles[given] + rng.normal(size=(ROWS, DIMS)), given


def found(features: np.ndarray, given: np.ndarray) -> list[Region]:
    folds = np.arange(len(given)) % 5
    probs = linear_probs(features, given, folds, CLASSES)
    return odd_regions(features.astype(np.float32), given, probs)


@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_clean_and_randomly_noisy_tables_raise_no_more_alarms_than_said(noise: float) -> None:
    """Of 40 tables at a level of .05 each: more than 5 have a chance of 1 in 70."""
    rng = np.random.default_rng(int(noise * 10))
    alarms = 0
    for _ in range(TABLES):
        features, given = made(rng)
        wrong = rng.random(ROWS) < noise
        given = np.where(wrong, rng.integers(0, CLASSES, ROWS), given)
        alarms += bool(found(features, given))
    assert alarms <= 5


def test_a_targeted_flip_is_found_with_its_rows_and_both_labels() -> None:
    rng = np.random.default_rng(5)
    caught = []
    for _ in range(10):
        features, given = made(rng)
        inside = np.flatnonzero(given == 0)
        middle = features[inside].mean(axis=0)
        flipped = inside[np.argsort(np.linalg.norm(features[inside] - middle, axis=1))[:40]]
        changed = given.copy()
        changed[flipped] = 2
        regions = found(features, changed)
        caught.append(bool(regions) and regions[0].label == 2 and regions[0].around == 0)
        for region in regions:
            assert len(set(region.rows.tolist()) & set(flipped.tolist())) > len(region.rows) / 2
            assert (changed[region.rows] == region.label).all() and region.p_value <= 0.05
    assert sum(caught) >= 8


def test_a_class_of_its_own_with_a_gap_around_it_is_none() -> None:
    rng = np.random.default_rng(6)
    features, given = made(rng)
    features[:20] = (
        features[given == 0].mean(axis=0) + np.eye(DIMS)[0] * 25 + rng.normal(size=(20, DIMS)) * 0.2
    )
    given[:20] = 3
    assert found(features, given) == []


def test_few_rows_and_sure_ones_have_none() -> None:
    few = np.zeros((5, 2), np.float32)
    assert odd_regions(few, np.zeros(5, int), np.full((5, 2), 0.5)) == []


def test_probabilities_are_of_other_folds_and_a_class_they_lack_has_none() -> None:
    rng = np.random.default_rng(8)
    features, given = made(rng)
    folds = np.arange(ROWS) % 3
    given[folds == 0], given[:3] = 0, [3, 0, 0]
    alone = (folds == 0) & (given == 3)
    given[(given == 3) & ~alone] = 2
    probs = linear_probs(features, given, folds, CLASSES)
    assert probs.sum(axis=1) == pytest.approx(np.ones(ROWS))
    assert (probs[:, 3] == 0).all()  # one row in all


@pytest.mark.parametrize(("rows", "classes", "dims"), [(400, 40, 60), (300, 2, 1), (500, 3, 12)])
def test_probabilities_are_those_of_shrunk_discriminants_fold_by_fold(
    rows: int, classes: int, dims: int
) -> None:
    """Against scikit-learn, which makes a covariance for each class; two columns don't vary within one."""
    rng = np.random.default_rng(9)
    given = rng.integers(0, classes, rows)
    features = rng.normal(size=(classes, dims))[given] + rng.normal(size=(rows, dims))
    features[given == 1, :2] = 0.1
    folds = np.arange(rows) % 5
    probs = linear_probs(features, given, folds, classes)
    scaled = StandardScaler().fit_transform(features)
    for fold in range(5):
        out = folds == fold
        model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(scaled[~out], given[~out])
        assert probs[np.ix_(out, model.classes_)] == pytest.approx(model.predict_proba(scaled[out]), abs=1e-9)
