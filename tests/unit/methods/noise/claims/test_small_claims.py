"""Claims about the labels of a few hundred rows, from the judge of a run to what changes."""

import numpy as np
import pytest

import labelworks as lw


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
