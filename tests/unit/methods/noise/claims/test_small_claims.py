"""Claims about the labels of a few hundred rows, from the judge of a run to what changes."""

import numpy as np
import pytest

import labelworks as lw
from labelworks.tasks.methods.noise.core.claims.claim_calibration import foretells


def rows_of(seed, count, wrong):
    rng = np.random.default_rng(seed)
    codes = rng.choice(3, count)
    vectors = 3.0 * np.eye(3, 8)[codes] + rng.normal(size=(count, 8))
    flip = rng.random(count) < wrong
    return vectors, codes, np.where(flip, (codes + rng.integers(1, 3, count)) % 3, codes)


def changed(seeds, count, wrong, objective):
    """How many labels of all seeds are wrong, how many were changed, and how many of these rightly."""
    sums = np.zeros(3)
    for seed in seeds:
        vectors, true, labels = rows_of(seed, count, wrong)
        after = lw.treat(labels, lw.find_label_errors(labels, features=vectors), objective=objective).labels
        moved = after != labels
        sums += ((labels != true).sum(), moved.sum(), (moved & (after == true)).sum())
    return sums


@pytest.mark.parametrize(("count", "mended"), [(300, 0.2), (900, 0.4)])
def test_few_rows_are_changed_and_rightly(count, mended):
    wrong, moved, right = changed(range(5), count, 0.1, {"precision": 0.9})
    assert right >= 0.89 * moved and right >= mended * wrong


def test_clean_labels_stay():
    _, moved, _ = changed(range(5), 900, 0.0, {"precision": 0.9})
    assert moved <= 0.01 * 4_500


@pytest.mark.parametrize("seed", range(3))
def test_of_labels_that_the_features_know_nothing_of_none_is_changed(seed):
    rng = np.random.default_rng(seed)
    vectors = rng.integers(0, 2, (286, 20)).astype(np.float64)
    labels = (rng.random(286) < 0.3).astype(int)
    found = lw.find_label_errors(labels, features=vectors)
    assert (lw.treat(labels, found, objective={"precision": 0.9}).labels == labels).all()
    assert (lw.treat(labels, found).labels == labels).all()


def test_probabilities_that_are_merely_too_sure_know_something():
    rng = np.random.default_rng(0)
    true = rng.integers(0, 2, 4000)
    given = np.where(rng.random(4000) < 0.4, 1 - true, true).astype(np.int32)
    sure = np.where(np.eye(2)[true] == 1, 0.999, 0.001).astype(np.float32)
    assert foretells(given, sure)
    assert not foretells(given, sure[rng.permutation(4000)])
    shares = np.tile(np.bincount(given) / 4000, (4000, 1)).astype(np.float32)
    assert not foretells(given, shares)
