"""How far a row is of any class at all: what a run tells apart from wrong labels, at the price of a probe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.open_set.novelty import novelty_by_fold
from labelworks.tasks.methods.sums import ClassSums, FoldSums


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
        views = tuple(sums.without(fold, *exclude) for fold in range(sums.n_folds))
        novelty = np.sort(novelty_by_fold(list(views), features, folds))
        found = cls(views, novelty, np.sort(probs.max(axis=1)))
        cut = float(np.quantile(found.score(features, folds, probs), share)) if share else 0.0
        return cls(found.views, found.novelty, found.confidence, cut)

    def score(
        self, features: NDArray[np.floating], folds: NDArray[np.integer], probs: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Mean share (n,) of the sample that looks less in scope, by novelty (Ren 2021) and by confidence.

        Low = of none of the classes. features (n, D), folds (n,), probs (n, K).
        """
        rows = len(self.novelty)
        stranger = rows - np.searchsorted(self.novelty, novelty_by_fold(list(self.views), features, folds))
        less_sure = np.searchsorted(self.confidence, probs.max(axis=1), side="right")
        return np.asarray((stranger + less_sure) / (2 * rows), np.float32)
