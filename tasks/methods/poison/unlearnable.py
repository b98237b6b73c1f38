"""Regions whose labels nothing foretells: neither a model that is right elsewhere, nor the nearest rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.stats import binom

from labelworks.tasks.methods.neighbours.euclidean import nearest_places
from labelworks.tasks.methods.poison.apart import surest_apart
from labelworks.tasks.methods.poison.clusters import LEVEL

SIZES = (16, 32, 64, 128)  # rows of a region
VOTERS = 8  # nearest rows, whose labels foretell a row's
MOST_ALIKE = 0.7  # share of a region's rows that may bear one label
TREES = 100
OWN_ROWS = 100  # that a class is called, from which on it is calibrated by itself
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class UnlearnableRegion:
    """Rows (M,) near one another, of which a model foretells `right` and should `expected`, as shares.

    labels: codes of the classes that they bear, the commonest first; p_value: adjusted for all regions.
    """

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    right: float
    expected: float
    p_value: float


def unlearnable_regions(
    features: NDArray[np.floating],
    given: NDArray[np.integer],
    probs: NDArray[np.floating],
    folds: NDArray[np.integer],
) -> list[UnlearnableRegion]:
    """Find regions of mixed labels that no model foretells; the surest first, none twice.

    features (N, D), given (N,): codes of classes, probs (N, K): of given labels, out of sample, by a model
    that doesn't bend to every region. A region is what lies nearest to a row that is foretold wrong, that row
    left out. The model is right there less often than rows of its certainty and predicted class are anywhere
    (isotonic regression, Zadrozny & Elkan 2002), so improbably that it holds for all regions looked at
    (Bonferroni); and the nearest rows foretell the labels no better than the region's commonest one does.
    Noise that is the same all over a class raises no alarm, as the model is known to be right less often
    there, and neither does a border between classes, where it isn't sure.
    """
    chance = np.asarray(probs, np.float64)
    called = chance.argmax(axis=1)
    hit = called == given
    wrong = np.flatnonzero(~hit)
    sizes = [size for size in SIZES if size < len(given) // 2]
    if not len(wrong) or not sizes:
        return []
    held = np.asarray(features, np.float32)
    held = (held - held.mean(axis=0)) / np.maximum(held.std(axis=0), np.float32(1e-12))
    expected = _expected(chance.max(axis=1), called, hit)
    around = nearest_places(held, sizes[-1], wrong)
    models = np.array([_by_nearest(held, given, chance.shape[1]), _by_trees(held, given, folds)])
    tests = len(wrong) * len(sizes)
    regions = [
        region
        for near in around
        for size in sizes
        if (region := _region(near[:size], given, hit, expected, models, tests)) is not None
    ]
    return surest_apart(regions)


def _region(
    rows: NDArray[np.integer], given: NDArray[np.integer], hit: NDArray[np.bool_], expected: Floats,
    models: NDArray[np.bool_], tests: int,
) -> UnlearnableRegion | None:  # fmt: skip
    counts, size = np.bincount(given[rows]), len(rows)
    most = int(counts.max())
    if most > MOST_ALIKE * size:
        return None
    hits, mean = int(hit[rows].sum()), float(expected[rows].mean())
    p_value = float(binom.cdf(hits, size, mean)) * tests
    if p_value > LEVEL or (models[:, rows].sum(axis=1) > most).any():
        return None
    labels = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
    return UnlearnableRegion(np.sort(rows).astype(np.int64), labels, hits / size, mean, p_value)


def _expected(sure: Floats, called: NDArray[np.integer], hit: NDArray[np.bool_]) -> Floats:
    """How often (N,) rows are right that are called so surely, of the same class where it has rows enough."""
    expected = _by_certainty(sure, hit)
    for code in np.flatnonzero(np.bincount(called) >= OWN_ROWS):
        own = called == code
        expected[own] = _by_certainty(sure[own], hit[own])
    return expected


def _by_certainty(sure: Floats, hit: NDArray[np.bool_]) -> Floats:
    _, place, counts = np.unique(sure, return_inverse=True, return_counts=True)
    right = np.bincount(place, hit) / counts
    fitted = isotonic_regression(right, weights=counts.astype(np.float64)).x
    return np.asarray(fitted[place], np.float64)


def _by_nearest(features: NDArray[np.float32], given: NDArray[np.integer], classes: int) -> NDArray[np.bool_]:
    """Which rows (N,) bear the label that most of the nearest others do."""
    near = nearest_places(features, min(VOTERS, len(given) - 1), np.arange(len(given)))
    votes = np.zeros((len(given), classes), np.int32)
    np.add.at(votes, (np.arange(len(given))[:, None], given[near]), 1)
    return np.asarray(votes.argmax(axis=1) == given)


def _by_trees(
    features: NDArray[np.float32], given: NDArray[np.integer], folds: NDArray[np.integer]
) -> NDArray[np.bool_]:
    """Which rows (N,) random trees of the other folds foretell (Geurts et al. 2006)."""
    from sklearn.ensemble import ExtraTreesClassifier

    hit = np.zeros(len(given), bool)
    for fold in np.unique(folds):
        out = folds == fold
        trees = ExtraTreesClassifier(TREES, min_samples_leaf=2, random_state=0)
        hit[out] = trees.fit(features[~out], given[~out]).predict(features[out]) == given[out]
    return hit
