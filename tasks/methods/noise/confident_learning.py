"""Confident learning: count confident disagreements, prune as many of the least plausible rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit

from labelworks.tasks.methods.noise.core.checks import check_options, checked
from labelworks.tasks.methods.noise.core.claims.flips import best_other
from labelworks.tasks.methods.noise.core.confident_joint import (
    confident_class,
    confident_thresholds,
    joint,
    transition_of,
)
from labelworks.tasks.methods.noise.core.result import NoiseResult, best_class, with_error
from labelworks.tasks.methods.noise.core.sampled import SampledModel
from labelworks.tasks.methods.noise.core.transition_em import columns_of
from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.statistics.wilson import wilson

HELD = 16_000_000  # probabilities held: 64 MB
A_PAIR = 10  # errors in a sample, on average: fewer don't place a cut for every pair of classes
PRUNE = ("noise_rate", "class", "both", "confident_joint")


@register("noise", "confident-learning", needs=("pred_probs",), source="Northcutt, Jiang & Chuang 2021")
class ConfidentLearning(SampledModel):
    """Confident joint of given and true label, then prune by class, by noise rate, or what both prune.

    Options: prune_by (noise_rate, class, both, or confident_joint: every row whose confident class is another
    than the given one), sample (rows held to count on), seed. Rows that tie with the last one pruned are
    pruned too. Where pairs of classes are too many for the sample, the errors of a given
    class are pruned together.
    """

    name = "confident-learning"
    held = HELD

    def __init__(self, *, prune_by: str = "noise_rate", sample: int = 100_000, seed: int = 0) -> None:
        check_options(self.name, {"prune_by": prune_by}, {"prune_by": PRUNE})
        super().__init__(sample=sample, seed=seed)
        self._prune_by = prune_by

    def finish(self) -> None:
        """Count the confident joint and place the cuts."""
        labels, probs = self._sampled()
        self._limits = confident_thresholds(labels, probs)
        confident = confident_class(probs, self._limits)
        shares = joint(labels, confident, probs.shape[1])
        self.transition = transition_of(shares)
        self._columns = columns_of(self.transition)
        counts = shares * len(labels)
        np.fill_diagonal(counts, 0)
        self._pooled = self.rows > len(labels) and counts.sum() < A_PAIR * len(counts) * (len(counts) - 1)
        self._cut_by_class, self._cut_by_pair = _cuts(labels, probs, counts, pooled=self._pooled)
        self._rate = float(np.clip(1 - np.trace(shares), 0, 1))
        low, high = wilson(self._rate, max(int((confident >= 0).sum()), 1))
        self._interval = (float(low), float(high))
        self._offset = _logit_offset(_error(labels, probs, self._columns), self._rate)

    def score(self, labels: ArrayLike, pred_probs: Any) -> NoiseResult:
        """Judge a part, after finish: labels (n,), pred_probs (n, K)."""
        return self.judge(*checked(labels, pred_probs, classes=self._classes))

    def judge(
        self, given: NDArray[np.int32], probs: NDArray[np.float32], *, posterior: bool = True
    ) -> NoiseResult:
        """Judge rows that were checked: given (n,), probs (n, K).

        The posterior is that of the joint: probabilities times the transition, at the joint's noise rate.
        """
        own = probs[np.arange(len(given)), given]
        flag = self._flag(given, probs, own)
        error = _shifted(_error(given, probs, self._columns), self._offset)
        return NoiseResult(
            score=np.clip(own, 0, 1),
            error_probability=error.astype(np.float32),
            flag=flag,
            suggestion=best_class(probs, given, flag),
            posterior=with_error(probs * self._columns[given], given, error) if posterior else None,
            transition=self.transition,
            noise_rate=self._rate,
            noise_rate_interval=self._interval,
            method=self.name,
        )

    def _flag(
        self, given: NDArray[np.int32], probs: NDArray[np.float32], own: NDArray[np.float32]
    ) -> NDArray[np.bool_]:
        if self._prune_by == "confident_joint":
            confident = confident_class(probs, self._limits)
            return np.asarray((confident >= 0) & (confident != given))
        by_class = own <= self._cut_by_class[given]
        if self._prune_by == "class":
            return np.asarray(by_class)
        if self._pooled:
            by_rate = best_other(given, probs) - own >= self._cut_by_pair[given, 0]
        else:
            by_rate = (probs - own[:, None] >= self._cut_by_pair[given]).any(axis=1)
        return np.asarray(by_rate & by_class if self._prune_by == "both" else by_rate)


def _cuts(
    labels: NDArray[np.int32], probs: NDArray[np.float32], counts: NDArray[np.float64], *, pooled: bool
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the self-confidence from which a class prunes (K,), the margin from which a pair does (K, K).

    pooled: one margin a given class, over its best other one, (K, 1).
    """
    classes = len(counts)
    by_class = np.full(classes, -np.inf, np.float32)
    by_pair = np.full((classes, 1 if pooled else classes), np.inf, np.float32)
    order = np.argsort(labels, kind="stable")
    ends = np.cumsum(np.bincount(labels, minlength=classes))
    to_prune, in_pair = np.rint(counts.sum(axis=1)).astype(int), np.rint(counts).astype(int)
    if not pooled:
        to_prune = in_pair.sum(axis=1)
    for given in np.flatnonzero(to_prune):
        rows = order[(ends[given - 1] if given else 0) : ends[given]]
        block = probs[rows]
        by_class[given] = -_largest(-block[:, given], to_prune[given])
        if pooled:
            by_pair[given] = _largest(best_other(labels[rows], block) - block[:, given], to_prune[given])
            continue
        for true in np.flatnonzero(in_pair[given]):
            by_pair[given, true] = _largest(block[:, true] - block[:, given], in_pair[given, true])
    return by_class, by_pair


def _largest(values: NDArray[np.float32], count: int) -> np.float32:
    """Return the least of so many largest values (n,)."""
    place = max(len(values) - count, 0)
    return np.float32(np.partition(values, place)[place])


def _error(
    given: NDArray[np.int32], probs: NDArray[np.float32], columns: NDArray[np.float32]
) -> NDArray[np.float64]:
    own = probs[np.arange(len(given)), given] * columns[given, given]
    total = np.einsum("nk,nk->n", probs, columns[given])
    return np.asarray(1 - own / np.maximum(total, np.float32(1e-12)), np.float64)


def _logit_offset(error: NDArray[np.float64], rate: float) -> float:
    """Return the shift in log odds that makes the mean error probability the noise rate."""
    reach = 30.0
    low, high = _shifted(error, -reach).mean(), _shifted(error, reach).mean()
    if not low < rate < high:
        return -reach if rate <= low else reach
    return float(brentq(lambda shift: _shifted(error, shift).mean() - rate, -reach, reach))


def _shifted(error: NDArray[np.float64], offset: float) -> NDArray[np.float64]:
    return np.asarray(expit(logit(np.clip(error, 1e-9, 1 - 1e-9)) + offset), np.float64)
