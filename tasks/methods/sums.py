"""Sums per fold and class. Parts add up to the whole, and what was added can be subtracted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from labelworks.tasks.methods.float16 import single
from labelworks.tasks.methods.packed_words import unpack_words

BLOCK = 8192  # rows per float32 product: keeps its rounding small and its copies in cache
WORD_BUCKETS = 1 << 18  # that words are told apart by, at most …
WORD_CELLS = 1 << 24  # … and no more of them than give so many sums by fold, class and bucket
PARTS = ("data", "indices", "indptr", "shape")  # of a sparse matrix, as it is kept


@dataclass(frozen=True)
class ClassSums:
    """Sums of the rows a probe may see: count (K,), total (K, D), gram (D, D), all float64.

    words: the weights of the words of each class (K, B), sparse, whole numbers; None: rows have no words.
    """

    count: NDArray[np.float64]
    total: NDArray[np.float64]
    gram: NDArray[np.float64]
    words: Any = None

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
    """Per fold: count (F, K), total (F, K, D) and gram (F, D, D), float64.

    words: weights of words (F K, B), sparse, whole numbers, so that any order of adding gives the same sums.
    """

    count: NDArray[np.float64]
    total: NDArray[np.float64]
    gram: NDArray[np.float64]
    words: Any = None

    @classmethod
    def of(
        cls,
        features: NDArray[np.floating],
        labels: NDArray[np.integer],
        folds: NDArray[np.integer],
        n_folds: int,
        n_classes: int,
        words: NDArray[np.uint32] | None = None,
    ) -> FoldSums:
        """Sum up rows: features (N, D), labels (N,) in [0, K), folds (N,) in [0, F), packed words (N, W)."""
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
        spoken = None if words is None else _word_sums(words, groups, n_folds * n_classes)
        return cls(count.reshape(n_folds, -1), total.reshape(n_folds, n_classes, dim), gram, spoken)

    def __add__(self, other: FoldSums) -> FoldSums:
        words = None if self.words is None else self.words + other.words
        return FoldSums(self.count + other.count, self.total + other.total, self.gram + other.gram, words)

    def __sub__(self, other: FoldSums) -> FoldSums:
        words = None if self.words is None else self.words - other.words
        return FoldSums(self.count - other.count, self.total - other.total, self.gram - other.gram, words)

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> FoldSums:
        """The sums of what `arrays` gave, which may lie among others."""
        words = None
        if "words.shape" in arrays:
            data, indices, indptr, shape = (arrays[f"words.{part}"] for part in PARTS)
            words = csr_array((data, indices, indptr), shape=tuple(shape))
        return cls(arrays["count"], arrays["total"], arrays["gram"], words)

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it by name, to be kept."""
        dense = {"count": self.count, "total": self.total, "gram": self.gram}
        if self.words is None:
            return dense
        return dense | {f"words.{part}": np.asarray(getattr(self.words, part)) for part in PARTS}

    @property
    def n_folds(self) -> int:
        """Number of folds."""
        return len(self.count)

    def without(self, *folds: int) -> ClassSums:
        """Sums of every fold but these: what a probe for their rows may see."""
        keep = [fold for fold in range(self.n_folds) if fold not in folds]
        words = None if self.words is None else self._words(keep)
        return ClassSums(self.count[keep].sum(0), self.total[keep].sum(0), self.gram[keep].sum(0), words)

    def _words(self, folds: list[int]) -> Any:
        """Words by class (K, B) of some folds."""
        classes = self.count.shape[1]
        none = csr_array((classes, self.words.shape[1]), dtype=np.int64)
        return sum((self.words[fold * classes : (fold + 1) * classes] for fold in folds), none)


def word_buckets(groups: int) -> int:
    """How many buckets words are summed in, for so many folds times classes: a power of two."""
    return min(WORD_BUCKETS, 1 << max((WORD_CELLS // groups).bit_length() - 1, 0))


def _word_sums(words: NDArray[np.uint32], groups: NDArray[np.integer], count: int) -> Any:
    """The weights of words (N, W) by group (G, B); a block at a time, as packed words are many."""
    buckets = word_buckets(count)
    found = csr_array((count, buckets), dtype=np.int64)
    for start in range(0, len(words), BLOCK):
        block, owner = words[start : start + BLOCK], groups[start : start + BLOCK]
        ones = np.ones(len(block), np.int64)
        membership = csr_array((ones, (owner, np.arange(len(block)))), shape=(count, len(block)))
        found = found + membership @ unpack_words(block, buckets)
    found.sort_indices()
    return found


def _add_totals(total: NDArray[np.float64], block: NDArray[np.float32], groups: NDArray[np.integer]) -> None:
    """Add the rows of a block, which are sorted by group, to the totals (G, D) of their groups."""
    present, starts = np.unique(groups, return_index=True)
    ends = np.append(starts, len(groups))
    ones = np.ones(len(groups), dtype=np.float32)
    membership = csr_array((ones, np.arange(len(groups)), ends), shape=(len(present), len(groups)))
    total[present] += membership @ block
