"""Out-of-scope rows: of none of the classes, so reported apart from the mislabelled ones.

`Scope` judges any row by a sample, at the price of a probe: what a run has. `out_of_scope` has all rows at
hand, and asks their neighbours too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from labelworks.tasks.methods.arrays import numbers
from labelworks.tasks.methods.neighbours.cosine import nearest, unit_length
from labelworks.tasks.methods.noise.core.checks import checked
from labelworks.tasks.methods.open_set.novelty import novelty_by_fold
from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.statistics.sums import ClassSums, FoldSums

FOLDS = 5
SHRINKAGE = 0.1  # of a covariance towards its mean variance


@dataclass(frozen=True)
class Scope:
    """Two opinions on rows, and what they said of a sample: novelty, confidence (M,), both in order.

    views: the sums without each fold in turn, so that a row is judged by sums that it is no part of. cut: the
    score below which rows are taken for outside.
    """

    views: tuple[ClassSums, ...]
    novelty: NDArray[np.float64]
    confidence: NDArray[np.float32]
    cut: float = 0.0

    @classmethod
    def fit(
        cls,
        sums: FoldSums,
        features: NDArray[np.floating],
        folds: NDArray[np.integer],
        probs: NDArray[np.float32],
        *,
        share: float = 0.0,
        exclude: Sequence[int] = (),
    ) -> Scope:
        """Take a sample: features (M, D), folds (M,), out-of-sample probs (M, K); share: of rows outside."""
        views = tuple(sums.of_vectors.without(fold, *exclude) for fold in range(sums.n_folds))
        novelty = np.sort(novelty_by_fold(views, features, folds))
        scope = cls(views, novelty, np.sort(probs.max(axis=1)))
        cut = float(np.quantile(scope.score(features, folds, probs), share)) if share else 0.0
        return cls(scope.views, scope.novelty, scope.confidence, cut)

    def score(
        self, features: NDArray[np.floating], folds: NDArray[np.integer], probs: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Mean share (n,) of the sample that looks less in scope, by novelty (Ren 2021) and by confidence.

        Low = of none of the classes. features (n, D), folds (n,), probs (n, K).
        """
        rows = len(self.novelty)
        stranger = rows - np.searchsorted(self.novelty, novelty_by_fold(self.views, features, folds))
        less_sure = np.searchsorted(self.confidence, probs.max(axis=1), side="right")
        return np.asarray((stranger + less_sure) / (2 * rows), np.float32)


@dataclass(frozen=True)
class ScopeResult:
    """score (N,) in (0, 1], low = out of scope, the mean of the ranks of three opinions, each (N,):

    mahalanobis (distance to the nearest class, less that to all data), neighbours (distance to the k-th
    nearest row), confidence (largest probability).
    """

    score: NDArray[np.float64]
    mahalanobis: NDArray[np.float64]
    neighbours: NDArray[np.float64]
    confidence: NDArray[np.float32]


@register(
    "open_set",
    "out-of-scope",
    needs=("labels", "pred_probs", "features"),
    source="Ren et al. 2021; Sun et al. 2022; Hendrycks & Gimpel 2017",
)
def out_of_scope(
    labels: ArrayLike,
    pred_probs: Any,
    features: NDArray[np.floating],
    *,
    neighbours: NDArray[np.integer] | None = None,
    seed: int = 0,
) -> ScopeResult:
    """Rank rows by how little they belong to any class: labels (N,), pred_probs (N, K), features (N, D).

    Relative Mahalanobis distance (Ren 2021) without the row's own fold, distance to the k-th nearest row
    (Sun 2022), largest probability (Hendrycks & Gimpel 2017). Raises InputError as `detect` does.
    """
    given, probs = checked(labels, pred_probs)
    rows = numbers(features, "features").astype(np.float32, copy=False)
    near = nearest(rows) if neighbours is None else np.asarray(neighbours)
    distance = _distance(rows, near[:, -1])
    relative = _relative_mahalanobis(rows, given, probs.shape[1], seed)
    confidence = probs.max(axis=1)
    ranks = [rankdata(opinion) for opinion in (-relative, -distance, confidence)]
    return ScopeResult(np.mean(ranks, axis=0) / len(given), relative, distance, confidence)


def _distance(rows: NDArray[np.float32], others: NDArray[np.integer]) -> NDArray[np.float64]:
    unit = unit_length(rows)
    return np.asarray(1 - np.einsum("nd,nd->n", unit, unit[others]), np.float64)


def _relative_mahalanobis(
    rows: NDArray[np.float32], given: NDArray[np.int32], classes: int, seed: int
) -> NDArray[np.float64]:
    folds = np.random.default_rng(seed).permutation(len(rows)) % FOLDS
    sums = FoldSums.of(rows, given, folds, FOLDS, classes)
    return novelty_by_fold([sums.without(fold) for fold in range(FOLDS)], rows, folds, _nearest_less_all)


def _nearest_less_all(seen: ClassSums, features: NDArray[np.floating]) -> NDArray[np.float64]:
    rows = features.astype(np.float64)
    total, means = max(seen.count.sum(), 1.0), seen.means
    centre = seen.total.sum(axis=0) / total
    within = (seen.gram - (means.T * seen.count) @ means) / total
    overall = seen.gram / total - np.outer(centre, centre)
    whiten = np.linalg.inv(np.linalg.cholesky(_shrunk(within))).T
    points, centres = rows @ whiten, means @ whiten
    near = (points**2).sum(axis=1)[:, None] - 2 * points @ centres.T + (centres**2).sum(axis=1)
    from_all = (((rows - centre) @ np.linalg.inv(np.linalg.cholesky(_shrunk(overall))).T) ** 2).sum(axis=1)
    return np.asarray(near[:, seen.count > 0].min(axis=1) - from_all)


def _shrunk(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    scale = max(float(np.trace(covariance)) / len(covariance), 1e-12)
    return (1 - SHRINKAGE) * covariance + SHRINKAGE * scale * np.eye(len(covariance))
