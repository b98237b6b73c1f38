"""Windows drawn again: the counts and priors in them are those of windows really drawn."""

import numpy as np
import pytest

from labelworks.tasks.methods.label_shift.mixture import maximise
from labelworks.tasks.methods.open_set.redrawn import DrawnRows, Known, NoveltyCells

K, C, PRIOR = 3, 12, np.array([0.2, 0.5, 0.3])


def known(rows=900, seed=0):
    """Labelled rows of three classes whose novelty lies in other cells, a class a third of them."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, K, rows)
    cell = np.clip(3 * labels + rng.integers(0, 5, rows), 0, C - 1)
    counts = np.bincount(labels * C + cell, minlength=K * C).reshape(K, C)
    cells = NoveltyCells(
        cell, cell, counts / counts.sum(axis=1, keepdims=True), np.arange(C) / C, np.arange(C - 1)
    )
    return labels, Known(cells, counts.sum(axis=1).astype(float))


def likelihoods(labels, seed=1):
    """Rows of the labels' classes under Gaussians one apart in each direction, up to a factor a row."""
    points = 2 * np.eye(K)[labels] + np.random.default_rng(seed).normal(size=(len(labels), K))
    logits = 2 * points
    return np.exp(logits - logits.max(axis=1, keepdims=True)).astype(np.float32)


def test_labelled_rows_count_what_they_are_worth():
    labels, there = known()
    weights = (PRIOR / there.counts)[labels]
    direct = np.bincount(there.cells.known, weights, C)
    worth = weights.sum() ** 2 / np.square(weights).sum()
    assert there.at(PRIOR) == pytest.approx(direct / direct.sum() * worth)


def test_a_class_without_labelled_rows_counts_nothing():
    _, there = known()
    lone = Known(there.cells, np.array([300.0, 300.0, 0.0]))
    assert np.isfinite(lone.at(PRIOR)).all()
    assert lone.at(PRIOR) == pytest.approx(lone.at(np.array([2 / 7, 5 / 7, 0.0])))


def test_priors_of_drawn_rows_are_those_that_are_estimated_from_them():
    labels, there = known()
    ratio = likelihoods(labels)
    chance = (PRIOR / there.counts)[labels]
    rows = DrawnRows(there.cells.known, ratio, chance, np.ones(len(labels)))
    counts = np.random.default_rng(5).multinomial(2000, chance / chance.sum(), 12)
    quick = rows.priors(counts, PRIOR)
    slow = np.array([maximise(ratio, PRIOR, rows=count.astype(float)).weights for count in counts])
    assert np.abs(quick - slow).max() < 0.01
    assert quick.sum(axis=1) == pytest.approx(1)


def test_drawn_windows_vary_as_windows_of_their_size_do():
    labels, there = known(3000)
    chance = (PRIOR / there.counts)[labels]
    rows = DrawnRows(there.cells.known, likelihoods(labels), chance, np.ones(len(labels)))
    labelled, target = map(np.array, zip(*rows.drawn(there, PRIOR, 500, 400), strict=True))
    expected = PRIOR @ there.cells.by_class
    assert (target.sum(axis=1) == 500).all()
    assert target.mean(axis=0) / 500 == pytest.approx(expected, abs=0.01)
    assert labelled.mean(axis=0) / labelled.sum(axis=1).mean() == pytest.approx(expected, abs=0.01)
    assert target.var(axis=0).sum() == pytest.approx(500 * (expected * (1 - expected)).sum(), rel=0.15)
