"""Small regions whose rows bear one label where the features, and the rows around them, say another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, hypergeom

from labelworks.tasks.methods.neighbours.euclidean import nearest_places
from labelworks.tasks.methods.poison.apart import surest_apart

LEVEL = 0.05  # of a false alarm in a dataset
SIZES = (8, 16, 32, 64)  # rows of a region; twice as many are around it
AROUND = 2
LEAST_INSIDE = 0.5  # share of a region's rows that bear the label …
LEAST_AROUND = 0.5  # … and of the rows around it that bear one and the same other label
WIDEST_GAP = 1.25  # times as far as rows around lie from each other may the region lie from them
UNLIKELY = 0.5  # times the probability of the likeliest label, below which a given one is doubted
LEAST_ROWS = 6


@dataclass(frozen=True)
class Region:
    """Rows (M,) of a region that bear `label`, where the rows around bear `around`.

    p_value: adjusted for all regions looked at.
    """

    rows: NDArray[np.int64]
    label: int
    around: int
    p_value: float


def odd_regions(
    features: NDArray[np.floating], given: NDArray[np.integer], probs: NDArray[np.floating]
) -> list[Region]:
    """Find regions of one label that contradicts features and surroundings; the surest first, none twice.

    features (N, D), given (N,): codes of classes, probs (N, K): of given labels, out of sample. A region is
    the nearest rows of a doubted one. Two things have to be unlikely at once: that so many of its rows bear
    the label, were each drawn by its own out-of-sample probabilities; and that they lie in the region rather
    than around it, were its labels and those around shuffled, which holds where the probabilities are wrong.
    The larger p-value counts, times the number of regions looked at (Bonferroni). Most rows around bear one
    other label, and no gap parts the two, or it is a kind of its own as far as features tell. Whether others
    were poisoned, only a look at them tells.
    """
    chance = np.asarray(probs, np.float64)
    rows, best = np.arange(len(given)), chance.argmax(axis=1)
    doubted = np.flatnonzero((best != given) & (chance[rows, given] < UNLIKELY * chance[rows, best]))
    sizes = [size for size in SIZES if size * (1 + AROUND) < len(given)]
    if not len(doubted) or not sizes:
        return []
    held = np.asarray(features, np.float32)
    near = nearest_places(held, sizes[-1] * (1 + AROUND), doubted)
    tests = len(doubted) * len(sizes)
    regions = [
        region
        for row, around in zip(doubted, near, strict=True)
        for size in sizes
        if (region := _region(int(row), around, size, held, given, chance, tests)) is not None
    ]
    return surest_apart(regions)


def _region(
    row: int, near: NDArray[np.integer], size: int, features: NDArray[np.floating],
    given: NDArray[np.integer], probs: NDArray[np.float64], tests: int,
) -> Region | None:  # fmt: skip
    label = int(given[row])
    inside, outside = near[: size - 1], near[size - 1 : size * (1 + AROUND) - 1]
    alike, around = inside[given[inside] == label], np.bincount(given[outside], minlength=probs.shape[1])
    other = int(around.argmax())
    if (
        len(alike) + 1 < max(LEAST_ROWS, LEAST_INSIDE * size)
        or other == label
        or around[other] < LEAST_AROUND * len(outside)
    ):
        return None
    by_model = binom.sf(len(alike) - 1, len(inside), probs[inside, label].mean())
    both = len(inside) + len(outside)
    by_place = hypergeom.sf(len(alike) - 1, both, len(alike) + int(around[label]), len(inside))
    p_value = min(1.0, float(max(by_model, by_place)) * tests)
    rows = np.sort(np.append(alike, row))
    if p_value > LEVEL or _gap(features[rows], features[outside[given[outside] == other]]) > WIDEST_GAP:
        return None
    return Region(rows, label, other, p_value)


def _gap(inside: NDArray[np.float32], around: NDArray[np.float32]) -> float:
    """How far rows (M, D) lie from those around (R, D), in units of how far these lie from each other."""
    between = np.linalg.norm(inside[:, None].astype(np.float64) - around, axis=2).min(axis=1)
    among = np.linalg.norm(around[:, None].astype(np.float64) - around, axis=2)
    np.fill_diagonal(among, np.inf)
    usual = float(np.median(among.min(axis=1)))
    return float(np.median(between)) / usual if usual > 0 else np.inf
