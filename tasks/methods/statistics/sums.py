"""Sums per fold and class. Parts add up to the whole, and what was added can be subtracted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from operator import add, sub
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.statistics.float16 import single
from labelworks.tasks.methods.statistics.packed_words import unpack_words
from labelworks.tasks.methods.statistics.random_features import RandomFeatures

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
    mapped: sums of random features of the rows.
    """

    count: NDArray[np.float64]
    total: NDArray[np.float64]
    gram: NDArray[np.float64]
    words: Any = None
    mapped: MappedSums | None = None

    @classmethod
    def of(
        cls,
        features: NDArray[np.floating],
        labels: NDArray[np.integer],
        folds: NDArray[np.integer],
        n_folds: int,
        n_classes: int,
        words: NDArray[np.uint32] | None = None,
        random: RandomFeatures | None = None,
    ) -> FoldSums:
        """Sum up rows: features (N, D), labels (N,) in [0, K), folds (N,) in [0, F), packed words (N, W).

        random: the random features that are summed up beside.
        """
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
        made = (features, labels, folds, n_folds, n_classes)
        mapped = MappedSums.of(*made, random) if random else None
        return cls(count.reshape(n_folds, -1), total.reshape(n_folds, n_classes, dim), gram, spoken, mapped)

    @classmethod
    def of_memberships(
        cls,
        features: NDArray[np.floating],
        memberships: NDArray[np.floating],
        folds: NDArray[np.integer],
        n_folds: int,
        random: RandomFeatures | None = None,
    ) -> FoldSums:
        """Sum up rows that are of several classes in part: memberships (N, K) >= 0, else as `of`, no words.

        All sums are linear in them; a row counts in the scatter for as much as its memberships sum to.
        """
        dim, classes = features.shape[1], memberships.shape[1]
        count, total = np.zeros((n_folds, classes)), np.zeros((n_folds, classes, dim))
        gram = np.zeros((n_folds, dim, dim))
        for fold in range(n_folds):
            rows = np.flatnonzero(folds == fold)
            for start in range(0, len(rows), BLOCK):
                take = rows[start : start + BLOCK]
                block, shares = single(features[take]), memberships[take].astype(np.float32, copy=False)
                weight = shares.sum(axis=1, dtype=np.float64)
                count[fold] += shares.sum(axis=0, dtype=np.float64)
                total[fold] += shares.T @ block
                gram[fold] += (block * weight[:, None].astype(np.float32)).T @ block
        mapped = MappedSums.of_memberships(features, memberships, folds, n_folds, random) if random else None
        return cls(count, total, gram, None, mapped)

    def __add__(self, other: FoldSums) -> FoldSums:
        return self._with(other, add)

    def __sub__(self, other: FoldSums) -> FoldSums:
        return self._with(other, sub)

    def _with(self, other: FoldSums, put: Callable[[Any, Any], Any]) -> FoldSums:
        """Each of the sums put together with the other's."""
        words = None if self.words is None else put(self.words, other.words)
        mapped = None if self.mapped is None or other.mapped is None else put(self.mapped, other.mapped)
        counts = put(self.count, other.count), put(self.total, other.total), put(self.gram, other.gram)
        return FoldSums(*counts, words, mapped)

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> FoldSums:
        """The sums of what `arrays` gave, which may lie among others."""
        words = None
        if "words.shape" in arrays:
            data, indices, indptr, shape = (arrays[f"words.{part}"] for part in PARTS)
            words = csr_array((data, indices, indptr), shape=tuple(shape))
        mapped = MappedSums.of_arrays(arrays) if "mapped.gram" in arrays else None
        return cls(arrays["count"], arrays["total"], arrays["gram"], words, mapped)

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it by name, to be kept."""
        named = {"count": self.count, "total": self.total, "gram": self.gram}
        if self.words is not None:
            named |= {f"words.{part}": np.asarray(getattr(self.words, part)) for part in PARTS}
        return named | (self.mapped.arrays if self.mapped else {})

    @property
    def n_folds(self) -> int:
        """Number of folds."""
        return len(self.count)

    @property
    def of_vectors(self) -> FoldSums:
        """The sums without words and random features, which are many and not for all that is kept or sent."""
        return FoldSums(self.count, self.total, self.gram)

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


@dataclass(frozen=True)
class MappedSums:
    """Sums of random features of the rows, and the map that made these."""

    random: RandomFeatures
    sums: FoldSums

    @classmethod
    def of(
        cls,
        features: NDArray[np.floating],
        labels: NDArray[np.integer],
        folds: NDArray[np.integer],
        n_folds: int,
        n_classes: int,
        random: RandomFeatures,
    ) -> MappedSums:
        """Sum up rows as `FoldSums.of` does, mapped a block at a time: their features are many."""

        def summed(mapped: NDArray[np.float32], part: slice) -> FoldSums:
            return FoldSums.of(mapped, labels[part], folds[part], n_folds, n_classes)

        return cls._of_blocks(features, random, summed)

    @classmethod
    def of_memberships(
        cls,
        features: NDArray[np.floating],
        memberships: NDArray[np.floating],
        folds: NDArray[np.integer],
        n_folds: int,
        random: RandomFeatures,
    ) -> MappedSums:
        """Sum up rows as `FoldSums.of_memberships` does, mapped a block at a time."""

        def summed(mapped: NDArray[np.float32], part: slice) -> FoldSums:
            return FoldSums.of_memberships(mapped, memberships[part], folds[part], n_folds)

        return cls._of_blocks(features, random, summed)

    @classmethod
    def _of_blocks(
        cls,
        features: NDArray[np.floating],
        random: RandomFeatures,
        summed: Callable[[NDArray[np.float32], slice], FoldSums],
    ) -> MappedSums:
        """Sum up blocks of rows (N, D), each by its mapped rows (n, M) and its place."""
        starts = range(0, max(len(features), 1), BLOCK)
        parts = (slice(start, start + BLOCK) for start in starts)
        return cls(random, reduce(add, (summed(random.rows(features[part]), part) for part in parts)))

    def __add__(self, other: MappedSums) -> MappedSums:
        return MappedSums(self._shared(other), self.sums + other.sums)

    def __sub__(self, other: MappedSums) -> MappedSums:
        return MappedSums(self._shared(other), self.sums - other.sums)

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> MappedSums:
        """The sums of what `arrays` gave, which may lie among others."""
        sums = FoldSums(arrays["count"], arrays["mapped.total"], arrays["mapped.gram"])
        return cls(RandomFeatures.of_arrays(arrays), sums)

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it by name, to be kept beside the sums of the rows, which count them."""
        return {**self.random.arrays, "mapped.total": self.sums.total, "mapped.gram": self.sums.gram}

    def _shared(self, other: MappedSums) -> RandomFeatures:
        if not self.random.same(other.random):
            raise InputError("sums of rows mapped in two ways", where="sums", fix="sum both up by one map")
        return self.random


def word_buckets(groups: int) -> int:
    """How many buckets words are summed in, for so many folds times classes: a power of two."""
    return min(WORD_BUCKETS, 1 << max((WORD_CELLS // groups).bit_length() - 1, 0))


def _word_sums(words: NDArray[np.uint32], groups: NDArray[np.integer], count: int) -> Any:
    """The weights of words (N, W) by group (G, B); a block at a time, as packed words are many."""
    buckets = word_buckets(count)
    summed = csr_array((count, buckets), dtype=np.int64)
    for start in range(0, len(words), BLOCK):
        block, owner = words[start : start + BLOCK], groups[start : start + BLOCK]
        ones = np.ones(len(block), np.int64)
        membership = csr_array((ones, (owner, np.arange(len(block)))), shape=(count, len(block)))
        summed = summed + membership @ unpack_words(block, buckets)
    summed.sort_indices()
    return summed


def _add_totals(total: NDArray[np.float64], block: NDArray[np.float32], groups: NDArray[np.integer]) -> None:
    """Add the rows of a block, which are sorted by group, to the totals (G, D) of their groups."""
    present, starts = np.unique(groups, return_index=True)
    ends = np.append(starts, len(groups))
    ones = np.ones(len(groups), dtype=np.float32)
    membership = csr_array((ones, np.arange(len(groups)), ends), shape=(len(present), len(groups)))
    total[present] += membership @ block
