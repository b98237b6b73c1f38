"""How far one property of the rows foretells the label, from counts by class and value; they merge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, pearson3

HALVES = 2
PRIOR_ROWS = 2.0  # rows of the overall mix that each value is thought to have had before any was seen
LEAST_ROWS = 10  # of a class at a value that is named


@dataclass(frozen=True)
class Foretold:
    """What a property tells of the label.

    p_value: how likely a property that has nothing to do with the label seems to tell as much. gain: the
    share of the label's entropy that it takes away, out of sample. accuracy: of guesses from the property
    alone, out of sample; chance: of the commonest class. strongest: the bin and the class that go together
    most.
    """

    p_value: float
    gain: float
    accuracy: float
    chance: float
    strongest: tuple[int, int] | None


def foretold(counts: NDArray[np.integer]) -> Foretold:
    """Test whether a property tells the label; counts (2, K, B): rows of either half by class and bin.

    What each value says of the classes is learnt on one half and scored on the other, by the log score. Were
    the property independent of the label, the score's first three moments over all ways to give the labels
    of that half to its rows are known exactly (Hoeffding, 1951), so nothing is permuted; its distribution is
    taken for Pearson's of type III. Both halves are tested, and the smaller p is doubled (Bonferroni).
    """
    held = np.asarray(counts, np.float64)
    total = held.sum(axis=0)
    rows, classes = total.sum(), total.sum(axis=1)
    if rows < 2 or np.count_nonzero(classes) < 2:
        return Foretold(1.0, 0.0, 1.0, 1.0, None)
    scored = [_scored(held[1 - half], held[half]) for half in range(HALVES)]
    p_value = min(1.0, HALVES * min(score.p_value for score in scored))
    shares = classes[classes > 0] / rows
    entropy = -float(shares @ np.log(shares))
    gain = max(sum(score.score for score in scored) / rows / entropy, 0.0)
    return Foretold(
        p_value=float(p_value),
        gain=float(min(gain, 1.0)),
        accuracy=float(sum(score.right for score in scored) / rows),
        chance=float(classes.max() / rows),
        strongest=_strongest(total),
    )


@dataclass(frozen=True)
class _Score:
    p_value: float
    score: float
    right: float


def _scored(learnt: NDArray[np.float64], seen: NDArray[np.float64]) -> _Score:
    """Score one half (K, B) by what is learnt on the other (K, B)."""
    mix = (learnt.sum(axis=1) + 0.5) / (learnt.sum() + 0.5 * len(learnt))
    given = (learnt + PRIOR_ROWS * mix[:, None]) / (learnt.sum(axis=0) + PRIOR_ROWS)
    tells = np.log(given / mix[:, None])
    score = float((seen * tells).sum())
    right = float(seen[given.argmax(axis=0), np.arange(seen.shape[1])].sum())
    return _Score(_tail(score, *moments(tells, seen)), score, right)


def _tail(found: float, mean: float, variance: float, skewness: float) -> float:
    """The chance of a sum as large."""
    if variance <= 1e-12:
        return 1.0
    z = (found - mean) / np.sqrt(variance)
    return float(norm.sf(z) if abs(skewness) < 1e-3 else pearson3.sf(z, skewness))


def moments(tells: NDArray[np.float64], seen: NDArray[np.float64]) -> tuple[float, float, float]:
    """Mean, variance and skewness of the sum of scores (K, B) over all ways to give the classes to the rows.

    seen (K, B): how many rows of each class there are of each value. Fewer than three rows have none.
    """
    classes, values, rows = seen.sum(axis=1), seen.sum(axis=0), float(seen.sum())
    if rows < 3:
        return 0.0, 0.0, 0.0
    by_class, by_value = tells @ values / rows, classes @ tells / rows
    grand = float(by_class @ classes) / rows
    apart = tells - by_class[:, None] - by_value[None, :] + grand
    variance = float(classes @ np.square(apart) @ values) / (rows - 1)
    third = float(classes @ apart**3 @ values) * rows / ((rows - 1) * (rows - 2))
    return grand * rows, variance, third / variance**1.5 if variance > 1e-12 else 0.0


def _strongest(total: NDArray[np.float64]) -> tuple[int, int] | None:
    """The bin and the class whose rows exceed what independence would bring by most standard errors."""
    rows = total.sum()
    expected = np.outer(total.sum(axis=1), total.sum(axis=0)) / rows
    excess = np.where(total >= LEAST_ROWS, (total - expected) / np.sqrt(np.maximum(expected, 1e-9)), -np.inf)
    place = int(excess.argmax())
    label, value = np.unravel_index(place, total.shape)
    return (int(value), int(label)) if excess.flat[place] > 0 else None


def holm(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """P-values (M,) adjusted for their number: at most a share of alpha of all families errs (Holm, 1979)."""
    order = np.argsort(p_values, kind="stable")
    ranked = np.asarray(p_values)[order] * (len(p_values) - np.arange(len(p_values)))
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(np.maximum.accumulate(ranked), 1.0)
    return adjusted
