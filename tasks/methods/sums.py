"""Sums per fold and class. Parts add up to the whole, and what was added can be subtracted."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from labelworks.tasks.methods.float16 import single

BLOCK = 8192  # rows per float32 product: keeps its rounding small and its copies in cache


@dataclass(frozen=True)
class ClassSums:
    """Sums of the rows a probe may see: count (K,), total (K, D), gram (D, D), all float64."""

    count: NDArray[np.float64]
    total: NDArray[np.float64]
    gram: NDArray[np.float64]

    @property
    def means(self) -> NDArray[np.float64]:
        """Class means (K, D); the mean of all rows for a class that has none."""
        overall = self.total.sum(axis=0) / max(self.count.sum(), 1.0)
        means = self.total / np.maximum(self.count, 1.0)[:, None]
        return np.where(self.count[:, None] > 0, means, overall)

    @property
    def log_prior(self) -> NDArray[np.float64]:
        """Log of the class shares (K,), one imaginary row a class."""
        smoothed = self.count + 1.0
        return np.asarray(np.log(smoothed / smoothed.sum()), dtype=np.float64)


@dataclass(frozen=True)
class FoldSums:
    """Per fold: count (F, K), total (F, K, D) and gram (F, D, D), float64."""

    count: NDArray[np.float64]
    total: NDArray[np.float64]
    gram: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        features: NDArray[np.floating],
        labels: NDArray[np.integer],
        folds: NDArray[np.integer],
        n_folds: int,
        n_classes: int,
    ) -> FoldSums:
        """Sum up rows: features (N, D), labels (N,) in [0, K), folds (N,) in [0, F)."""
        dim = features.shape[1]
        groups = folds * n_classes + labels
        total = np.zeros((n_folds * n_classes, dim))
        gram = np.zeros((n_folds, dim, dim))
        order = np.argsort(groups, kind="stable")
        edges = np.searchsorted(groups[order], np.arange(n_folds + 1) * n_classes)
        for fold, (first, last) in enumerate(pairwise(edges)):
            for start in range(first, last, BLOCK):
                take = order[start : min(start + BLOCK, last)]
                block = single(features[take])
                gram[fold] += block.T @ block
                _add_totals(total, block, groups[take])
        count = np.bincount(groups, minlength=len(total)).astype(np.float64)
        return cls(count.reshape(n_folds, -1), total.reshape(n_folds, n_classes, dim), gram)

    def __add__(self, other: FoldSums) -> FoldSums:
        return FoldSums(self.count + other.count, self.total + other.total, self.gram + other.gram)

    def __sub__(self, other: FoldSums) -> FoldSums:
        return FoldSums(self.count - other.count, self.total - other.total, self.gram - other.gram)

    @property
    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """All of it by name, to be kept."""
        return dict(vars(self))

    @property
    def n_folds(self) -> int:
        """Number of folds."""
        return len(self.count)

    def without(self, *folds: int) -> ClassSums:
        """Sums of every fold but these: what a probe for their rows may see."""
        keep = [fold for fold in range(self.n_folds) if fold not in folds]
        return ClassSums(self.count[keep].sum(0), self.total[keep].sum(0), self.gram[keep].sum(0))


def _add_totals(total: NDArray[np.float64], block: NDArray[np.float32], groups: NDArray[np.integer]) -> None:
    """Add the rows of a block, which are sorted by group, to the totals (G, D) of their groups."""
    present, starts = np.unique(groups, return_index=True)
    ends = np.append(starts, len(groups))
    ones = np.ones(len(groups), dtype=np.float32)
    membership = csr_array((ones, np.arange(len(groups)), ends), shape=(len(present), len(groups)))
    total[present] += membership @ block
