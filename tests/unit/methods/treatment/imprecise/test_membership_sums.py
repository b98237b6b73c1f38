"""Sums of rows that are of several classes in part."""

import numpy as np
import pytest

from labelworks.tasks.methods.statistics.random_features import RandomFeatures
from labelworks.tasks.methods.statistics.sums import FoldSums

RNG = np.random.default_rng(0)
FEATURES = RNG.normal(size=(60, 5)).astype(np.float32)
FOLDS = RNG.integers(0, 3, 60)


def close(found, wanted):
    for name in ("count", "total", "gram"):
        np.testing.assert_allclose(getattr(found, name), getattr(wanted, name), rtol=1e-5, atol=1e-5)


def test_whole_memberships_are_labels():
    labels = RNG.integers(0, 4, 60)
    close(
        FoldSums.of_memberships(FEATURES, np.eye(4)[labels], FOLDS, 3),
        FoldSums.of(FEATURES, labels, FOLDS, 3, 4),
    )


def test_sums_are_linear_in_memberships_and_add_up_over_parts():
    one, other = RNG.random((2, 60, 4))
    both = FoldSums.of_memberships(FEATURES, one + other, FOLDS, 3)
    close(
        FoldSums.of_memberships(FEATURES, one, FOLDS, 3) + FoldSums.of_memberships(FEATURES, other, FOLDS, 3),
        both,
    )
    parts = [
        FoldSums.of_memberships(FEATURES[p], one[p] + other[p], FOLDS[p], 3)
        for p in (slice(0, 17), slice(17, 60))
    ]
    close(parts[0] + parts[1], both)


def test_a_row_counts_in_the_scatter_for_what_its_memberships_sum_to():
    half = np.full((1, 2), 0.25)
    found = FoldSums.of_memberships(FEATURES[:1], half, FOLDS[:1], 3)
    assert found.gram.sum(axis=0) == pytest.approx(0.5 * np.outer(FEATURES[0], FEATURES[0]), abs=1e-6)


def test_random_features_are_summed_up_beside():
    random = RandomFeatures(np.zeros(5, np.float32), np.ones(5, np.float32))
    labels = RNG.integers(0, 4, 60)
    found = FoldSums.of_memberships(FEATURES, np.eye(4)[labels], FOLDS, 3, random)
    wanted = FoldSums.of(FEATURES, labels, FOLDS, 3, 4, None, random)
    close(found.mapped.sums, wanted.mapped.sums)
    none = FoldSums.of_memberships(FEATURES[:0], np.zeros((0, 4)), FOLDS[:0], 3, random)
    close((none + found).mapped.sums, found.mapped.sums)
