import numpy as np

from labelworks.tasks.methods.noise import detect
from labelworks.tasks.methods.noise.core.confident_joint import (
    confident_class,
    confident_thresholds,
    joint,
    transition_of,
)


def by_hand(labels, probs):
    classes = probs.shape[1]
    limits = [probs[labels == k, k].mean() if (labels == k).any() else 1.0 for k in range(classes)]
    counts = np.zeros((classes, classes))
    for given, row in zip(labels, probs, strict=True):
        over = [k for k in range(classes) if row[k] >= limits[k] - 1e-6]
        if over:
            counts[given, max(over, key=lambda k: row[k])] += 1
    return limits, counts


def test_the_joint_is_that_of_the_paper_row_by_row():
    rng = np.random.default_rng(3)
    probs = rng.dirichlet(np.ones(4) * 0.4, 400).astype(np.float32)
    labels = np.where(rng.random(400) < 0.7, probs.argmax(axis=1), rng.integers(0, 4, 400)).astype(np.int32)
    limits, counts = by_hand(labels, probs)
    thresholds = confident_thresholds(labels, probs)
    np.testing.assert_allclose(thresholds, limits, rtol=1e-5)
    found = joint(labels, confident_class(probs, thresholds), 4)
    share = np.bincount(labels, minlength=4) / 400
    np.testing.assert_allclose(found, counts / counts.sum(axis=1, keepdims=True) * share[:, None], atol=1e-9)
    np.testing.assert_allclose(transition_of(found).sum(axis=1), 1)


def test_pruning_takes_as_many_rows_as_the_joint_counts():
    rng = np.random.default_rng(4)
    probs = rng.dirichlet(np.ones(4) * 0.4, 500).astype(np.float32)
    labels = np.where(rng.random(500) < 0.7, probs.argmax(axis=1), rng.integers(0, 4, 500)).astype(np.int32)
    shares = joint(labels, confident_class(probs, confident_thresholds(labels, probs)), 4)
    counts = np.rint(shares * 500).astype(int)
    np.fill_diagonal(counts, 0)
    by_class = detect(labels, probs, method="confident-learning", prune_by="class").flag
    np.testing.assert_array_equal(np.bincount(labels[by_class], minlength=4), counts.sum(axis=1))
    by_rate = detect(labels, probs, method="confident-learning", prune_by="noise_rate").flag
    expected = np.zeros(500, bool)
    for given in range(4):
        rows = np.flatnonzero(labels == given)
        for true in np.flatnonzero(counts[given]):
            margin = probs[rows, true] - probs[rows, given]
            expected[rows[np.argsort(-margin)[: counts[given, true]]]] = True
    np.testing.assert_array_equal(by_rate, expected)
    both = detect(labels, probs, method="confident-learning", prune_by="both").flag
    np.testing.assert_array_equal(both, by_class & by_rate)


def test_pruning_by_the_confident_joint_takes_its_off_diagonal_rows():
    rng = np.random.default_rng(6)
    probs = rng.dirichlet(np.ones(4) * 0.4, 500).astype(np.float32)
    labels = np.where(rng.random(500) < 0.7, probs.argmax(axis=1), rng.integers(0, 4, 500)).astype(np.int32)
    limits, counts = by_hand(labels, probs)
    flag = detect(labels, probs, method="confident-learning", prune_by="confident_joint").flag
    off = counts.sum(axis=1) - counts.diagonal()
    np.testing.assert_array_equal(np.bincount(labels[flag], minlength=4), off)
    assert flag[(probs[:, 3] > limits[3]) & (probs.argmax(axis=1) == 3) & (labels != 3)].all()


def test_a_sample_prunes_about_as_many_rows_as_all_of_them_where_pairs_of_classes_are_many():
    rng = np.random.default_rng(5)
    true = rng.integers(0, 40, 8000)
    logits = rng.normal(size=(8000, 40))
    logits[np.arange(8000), true] += 6
    probs = (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)).astype(np.float32)
    labels = np.where(rng.random(8000) < 0.1, rng.integers(0, 40, 8000), true)
    whole, part = (
        detect(labels, probs, method="confident-learning", sample=rows).flag for rows in (8000, 2000)
    )
    assert abs(part.sum() / whole.sum() - 1) < 0.25
    wrong = labels != true
    assert wrong[part].mean() > 0.9
