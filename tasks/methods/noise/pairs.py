"""Mismatched pairs of two-tower data: an image and a text that don't belong together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.neighbours.cosine import unit_length
from labelworks.tasks.methods.neighbours.exact import mean_of_nearest
from labelworks.tasks.methods.registry import register

Side = NDArray[np.float32]  # unit vectors (n, D) of a tower, or how near each is to the other's (n,)
SPAN = 8192  # rows of a partition held as float32 at a time
EM_STEPS = 200
BETTER = 3.0  # standard errors by which pairs have to score above shuffled ones
NEAREST = 10
LANDMARKS = 4000  # pairs of a sample that all others are compared with: more rank them no better
LEAST = 30  # landmarks outside a row's fold, below which nothing is said


@dataclass(frozen=True)
class PairResult:
    """score (N,) float32, low = suspicious; error_probability (N,); flag (N,) bool; noise_rate."""

    score: NDArray[np.float32]
    error_probability: NDArray[np.float64]
    flag: NDArray[np.bool_]
    noise_rate: float


@register(
    "pairs",
    "pair-mismatch",
    needs=("left", "right"),
    source="CSLS, Conneau et al. 2018; two Gaussians on it",
)
def pair_mismatch(left: NDArray[np.floating], right: NDArray[np.floating], *, k: int = NEAREST) -> PairResult:
    """Find pairs that don't match: left, right (N, D), vectors of one space.

    The cosine of a pair, less the mean of its sides' cosines with their k nearest of the other side (CSLS,
    Conneau 2018); two Gaussians on it, of which the mismatched one is that of pairs shuffled on purpose.
    Every row is compared with all of the other side, so time grows with N².
    Raises InputError where the shapes differ or a value is not finite.
    """
    one, other = _finite(left, "left"), _finite(right, "right")
    if one.shape != other.shape or len(one) <= k:
        raise InputError(f"left {one.shape}, right {other.shape}", fix=f"give pairs, more than {k}")
    score, heaps = _judged(one, other, _nearness(one, other, k), _nearness(other, one, k))
    error = heaps.lower(score)
    return PairResult(score, error, error > 0.5, float(error.mean()))


@dataclass(frozen=True)
class SamplePairs:
    """Pairs of a sample, that a pair of any partition is compared with: what a run has instead of all rows.

    left, right (M, D): of length one; folds (M,); heaps: of the scores of these pairs.
    """

    left: NDArray[np.float32]
    right: NDArray[np.float32]
    folds: NDArray[np.integer]
    heaps: PairHeaps

    @classmethod
    def fit(
        cls, left: NDArray[np.floating], right: NDArray[np.floating], folds: NDArray[np.integer]
    ) -> SamplePairs | None:
        """Take rows (n, D) of a sample and their folds (n,); None where too few of them are pairs."""
        there = np.flatnonzero(_paired(left, right))
        some = there[np.linspace(0, len(there) - 1, min(len(there), LANDMARKS)).astype(np.intp)]
        if len(some) - np.bincount(folds[some]).max(initial=0) < LEAST:
            return None
        one, other, fold = _unit(left[some]), _unit(right[some]), folds[some]
        near, near_other = (
            _nearness_by_fold(one, fold, other, fold),
            _nearness_by_fold(other, fold, one, fold),
        )
        return cls(one, other, fold, _judged(one, other, near, near_other)[1])

    def mismatch(
        self, left: NDArray[np.floating], right: NDArray[np.floating], folds: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """Probability (n,) that rows (n, D) are mismatched, judged by landmarks outside their folds (n,).

        So a landmark is not compared with itself. NaN where a side is not finite or zero: that is no pair.
        """
        probability = np.empty(len(folds), np.float32)
        for start in range(0, len(folds), SPAN):
            part = slice(start, start + SPAN)
            probability[part] = self._mismatch(left[part], right[part], folds[part])
        return probability

    def _mismatch(
        self, left: NDArray[np.floating], right: NDArray[np.floating], folds: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        there = _paired(left, right)
        one, other, fold = _unit(left[there]), _unit(right[there]), folds[there]
        near = _nearness_by_fold(one, fold, self.right, self.folds)
        near_other = _nearness_by_fold(other, fold, self.left, self.folds)
        probability = np.full(len(there), np.nan, np.float32)
        probability[there] = self.heaps.lower(_csls(one, other, near, near_other))
        return probability


@dataclass(frozen=True)
class PairHeaps:
    """Two Gaussians: means, variances and shares, each (2,), of mismatched pairs and of the others."""

    means: NDArray[np.float64]
    variances: NDArray[np.float64]
    shares: NDArray[np.float64]

    @classmethod
    def fit(cls, scores: NDArray[np.float32], shuffled: NDArray[np.float32]) -> PairHeaps:
        """Fit them to scores (n,) by EM, the mismatched one being that of shuffled pairs (n,).

        Where the scores are no better than those, all pairs are mismatched.
        """
        values, wrong = scores.astype(np.float64), shuffled.astype(np.float64)
        mean, variance, least = wrong.mean(), wrong.var() + 1e-12, max(values.var() * 1e-3, 1e-12)
        if values.mean() - mean < BETTER * np.sqrt((values.var() + variance) / len(values)):
            return cls(np.full(2, mean), np.full(2, variance), np.array([1 - 1e-12, 1e-12]))
        means, variances = [mean, np.quantile(values, 0.75)], [variance, values.var() + least]
        heaps = cls(np.array(means), np.array(variances), np.array([0.2, 0.8]))
        for _ in range(EM_STEPS):
            member, before = heaps.members(values), heaps.means[1]
            count = member.sum(axis=0) + 1e-9
            means[1] = member[:, 1] @ values / count[1]
            variances[1] = member[:, 1] @ (values - means[1]) ** 2 / count[1] + least
            heaps = cls(np.array(means), np.array(variances), count / count.sum())
            if abs(means[1] - before) < 1e-7:
                break
        return heaps

    def lower(self, scores: NDArray[np.float32]) -> NDArray[np.float64]:
        """Probability (n,) of being mismatched; scores (n,) outside the means count as at them."""
        inner = np.clip(scores.astype(np.float64), self.means.min(), self.means.max())
        return np.asarray(self.members(inner)[:, 0])

    def members(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probability (n, 2) of each."""
        apart = (values[:, None] - self.means) ** 2
        logs = np.log(self.shares) - np.log(self.variances) / 2 - apart / (2 * self.variances)
        dense = np.exp(logs - logs.max(axis=1, keepdims=True))
        return np.asarray(dense / dense.sum(axis=1, keepdims=True))


def _finite(vectors: NDArray[np.floating], side: str) -> NDArray[np.float32]:
    """The vectors, of length one. Raises InputError."""
    rows = np.asarray(vectors, np.float32)
    bad = ~np.isfinite(rows).all(axis=1)
    if bad.any():
        raise InputError(f"{side} is not finite", where=f"row {int(bad.argmax())}")
    return _unit(rows)


def _paired(left: NDArray[np.floating], right: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which rows (n,) have a vector with a direction on both sides."""
    with np.errstate(over="ignore", invalid="ignore"):
        sides = [np.linalg.norm(np.asarray(side, np.float32), axis=1) for side in (left, right)]
    return np.asarray(np.isfinite(sides).all(axis=0) & (np.min(sides, axis=0) > 0))


def _unit(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    return unit_length(np.asarray(vectors, np.float32))


def _csls(one: Side, other: Side, near: Side, near_other: Side) -> NDArray[np.float32]:
    """Cosines of pairs (n, D) less the mean nearness of their sides (n,)."""
    return np.asarray(np.einsum("nd,nd->n", one, other) - (near + near_other) / 2)


def _judged(one: Side, other: Side, near: Side, near_other: Side) -> tuple[NDArray[np.float32], PairHeaps]:
    """Scores (n,) of pairs and their heaps: shuffled ones, each with another's pair, are mismatched."""
    anyone = np.random.default_rng(0).permutation(len(one))
    score = _csls(one, other, near, near_other)
    return score, PairHeaps.fit(score, _csls(one, other[anyone], near, near_other[anyone]))


def _nearness(rows: NDArray[np.float32], others: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """Mean cosine (n,) of rows (n, D) with their k nearest of the others (m, D)."""
    return -mean_of_nearest(lambda part: -(rows[part] @ others.T), len(rows), k)


def _nearness_by_fold(
    rows: NDArray[np.float32],
    folds: NDArray[np.integer],
    others: NDArray[np.float32],
    other_folds: NDArray[np.integer],
) -> NDArray[np.float32]:
    """Nearness (n,) of rows (n, D) to those of the others (m, D) that are of another fold."""
    near = np.empty(len(rows), np.float32)
    for fold in np.unique(folds):
        mine = folds == fold
        near[mine] = _nearness(rows[mine], others[other_folds != fold], NEAREST)
    return near
