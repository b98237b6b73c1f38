"""Over time: where the class mix of a stream changes, and whether labels still go together as they did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.arrays import Floats

PERMUTATIONS = 499
REPEATS = 999  # of label sets: enough for the smallest p-value to count among 48 windows
SHORTEST = 2  # windows between two changes
TOLERANCE = 1e-9  # of sums that are rounded: as good is no better


@dataclass(frozen=True)
class Changes:
    """`points`: windows that open a new regime; `p_values` of each; `level` (W, K): mix of its regime."""

    points: tuple[int, ...]
    p_values: tuple[float, ...]
    level: Floats


@registry.register("windows", "change-points", needs=("counts",), source="Scott 1974, Vostrikova 1981")
def change_points(counts: ArrayLike, *, alpha: float = 0.05) -> Changes:
    """Split a series of histograms where its mix changes, by binary segmentation with two tests.

    counts: (W, K) of labels, per window in order of time. The statistic is the largest Hellinger distance
    over all splits, each side by all of its rows. It must be rare among orders of the windows, so that those
    which merely vary don't ring, and among windows of as many rows each drawn from one mix, so that a short
    first window, or ever more rows a window, don't either.
    Raises InputError on negative counts or empty windows.
    """
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim != 2 or not np.isfinite(table).all() or (table < 0).any() or (table.sum(axis=1) <= 0).any():
        raise InputError(
            "a window is empty or negative", fix="counts (windows, classes), every window with rows"
        )
    changes = dict(_split(table, 0, alpha, np.random.default_rng(0)))
    points = tuple(sorted(changes))
    level = np.empty_like(table)
    for start, end in zip((0, *points), (*points, len(table)), strict=True):
        level[start:end] = table[start:end].sum(axis=0) / table[start:end].sum()
    return Changes(points, tuple(changes[point] for point in points), level)


def _split(table: Floats, offset: int, alpha: float, rng: np.random.Generator) -> list[tuple[int, float]]:
    if len(table) < 2 * SHORTEST:
        return []
    where, value = _best(table)
    mix = table.sum(axis=0) / table.sum()
    rows = np.ceil(table.sum(axis=1)).astype(np.int64)
    drawn = (lambda: rng.permutation(table), lambda: rng.multinomial(rows, mix).astype(np.float64))
    p_value = max(_rarity(value, draw, alpha) for draw in drawn)
    if p_value > alpha:
        return []
    before = _split(table[:where], offset, alpha, rng)
    return [*before, (offset + where, p_value), *_split(table[where:], offset + where, alpha, rng)]


def _rarity(value: float, draw: Callable[[], Floats], alpha: float) -> float:
    """The share of drawn tables whose best split is as good; drawn no longer than it can be a rare one."""
    beaten = 0
    for _ in range(PERMUTATIONS):
        beaten += _best(draw())[1] >= value - TOLERANCE * value
        if 1 + beaten > alpha * (1 + PERMUTATIONS):
            break
    return (1 + beaten) / (1 + PERMUTATIONS)


def _best(table: Floats) -> tuple[int, float]:
    """The split with the largest squared Hellinger distance of the mixes of its sides, weighted by rows."""
    n, sums = len(table), np.cumsum(table, axis=0)
    at = np.arange(SHORTEST, n - SHORTEST + 1)
    first, second = sums[at - 1], sums[-1] - sums[at - 1]
    here, there = first.sum(axis=1), second.sum(axis=1)
    apart = np.sqrt(first / here[:, None]) - np.sqrt(np.maximum(second, 0) / there[:, None])
    values = here * there / (here + there) * (apart**2).sum(axis=1)
    best = int(np.argmax(values))
    return int(at[best]), float(values[best])


def beyond_chance(counts: ArrayLike, mix: ArrayLike, *, alpha: float = 0.05) -> NDArray[np.bool_]:
    """Which windows (W,) lie farther from a mix (K,) than rows drawn from it do, but in alpha of all streams.

    counts (W, K) of labels. The total variation of n rows has a mean of half the sum of their standard errors
    at most, and exceeds it by little: the bound holds for any n (McDiarmid 1989). Raises InputError.
    """
    table, expected = np.asarray(counts, dtype=np.float64), np.asarray(mix, dtype=np.float64)
    rows = table.sum(axis=1)
    if table.ndim != 2 or expected.shape != table.shape[1:] or not (rows > 0).all():
        raise InputError(
            f"windows {table.shape} and a mix {expected.shape}", fix="windows with rows, one mix"
        )
    distance = 0.5 * np.abs(table / rows[:, None] - expected).sum(axis=1)
    mean = 0.5 * np.sqrt(expected * (1 - expected)).sum() / np.sqrt(rows)
    return np.asarray(distance > mean + np.sqrt(np.log(len(table) / alpha) / (2 * rows)))


@dataclass(frozen=True)
class Correlations:
    """p-value and statistic of the change in label correlations; `change` (K, K), of the phi coefficients."""

    p_value: float
    statistic: float
    change: Floats


@registry.register(
    "windows", "label-correlation", needs=("reference", "current"), source="Neves 2025 (iHOMER)"
)
def label_correlation(reference: ArrayLike, current: ArrayLike) -> Correlations:
    """Test whether labels of a multi-label stream go together differently now.

    reference (n, K), current (m, K): 0 or 1. Rows are permuted between windows after each label's own rate
    was taken out in its window, so that a mere change of rates doesn't ring. Raises InputError.
    """
    first, second = np.asarray(reference, dtype=np.float64), np.asarray(current, dtype=np.float64)
    if (
        first.ndim != 2
        or second.ndim != 2
        or first.shape[1] != second.shape[1]
        or min(len(first), len(second)) < 2
        or not (np.isfinite(first).all() and np.isfinite(second).all())
    ):
        raise InputError("label sets don't fit", fix="two arrays of 0 and 1, (rows, labels)")
    scaled = [_standard(labels) for labels in (first, second)]
    change, rng, rows = _change(*scaled), np.random.default_rng(0), np.concatenate(scaled)
    value, beaten = float((change**2).sum()), 0
    for _ in range(REPEATS):
        rows = rng.permutation(rows)
        beaten += float((_change(rows[: len(first)], rows[len(first) :]) ** 2).sum()) >= value
    return Correlations((1 + beaten) / (1 + REPEATS), value, change)


def _change(first: Floats, second: Floats) -> Floats:
    """Second less first mean product of each pair; a label's own are no correlation, and never move."""
    made = second.T @ second / len(second) - first.T @ first / len(first)
    np.fill_diagonal(made, 0)
    return np.asarray(made)


def _standard(labels: Floats) -> Floats:
    centred = labels - labels.mean(axis=0)
    return np.asarray(centred / np.maximum(centred.std(axis=0), 1e-9))
