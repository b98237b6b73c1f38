"""Regions of labels drawn by chance: found where planted, and not on clean or on noisy tables."""

from __future__ import annotations

import numpy as np
import pytest

from labelworks.tasks.methods.poison.linear import linear_probs
from labelworks.tasks.methods.poison.unlearnable import UnlearnableRegion, unlearnable_regions

ROWS, CLASSES = 500, 3


def made(seed: int) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    """Classes that overlap somewhat, of unequal shares."""
    rng = np.random.default_rng(seed)
    given = rng.choice(CLASSES, ROWS, p=[0.5, 0.3, 0.2])
    return 3 * np.eye(CLASSES, 6)[given] + rng.normal(size=(ROWS, 6)), given, rng


def found(features: np.ndarray, given: np.ndarray) -> list[UnlearnableRegion]:
    folds = np.arange(len(given)) % 4
    return unlearnable_regions(features, given, linear_probs(features, given, folds, CLASSES), folds)


@pytest.mark.parametrize("kind", ["clean", "noisy", "one class noisy"])
def test_clean_and_randomly_noisy_tables_raise_no_alarm(kind: str) -> None:
    for seed in range(3):
        features, given, rng = made(seed)
        wrong = rng.random(ROWS) < {"clean": 0.0, "noisy": 0.3, "one class noisy": 0.5}[kind]
        if kind == "one class noisy":
            wrong &= given == 0
        assert found(features, np.where(wrong, rng.integers(0, CLASSES, ROWS), given)) == []


def test_labels_drawn_by_chance_in_one_place_are_found() -> None:
    features, given, rng = made(7)
    inside = np.flatnonzero(given == 0)
    near = inside[np.argsort(np.linalg.norm(features[inside] - features[inside[0]], axis=1))[:70]]
    changed = given.copy()
    changed[near] = rng.integers(0, CLASSES, len(near))
    regions = found(features, changed)
    rows = np.concatenate([region.rows for region in regions])
    assert np.isin(rows, near).mean() > 0.6
    assert len(np.unique(rows)) == len(rows) >= 16
    assert all(region.right < region.expected and region.p_value <= 0.05 for region in regions)
    assert all(set(region.labels) <= set(changed[region.rows]) for region in regions)


def test_one_label_of_a_place_is_learnt_by_the_nearest_rows() -> None:
    features, given, _ = made(8)
    inside = np.flatnonzero(given == 0)
    near = inside[np.argsort(np.linalg.norm(features[inside] - features[inside[0]], axis=1))[:70]]
    given[near] = 2
    assert all(np.isin(region.rows, near).mean() < 0.9 for region in found(features, given))


def test_few_rows_have_none() -> None:
    few = np.zeros((5, 2), np.float32)
    assert unlearnable_regions(few, np.zeros(5, int), np.full((5, 2), 0.5), np.arange(5)) == []
