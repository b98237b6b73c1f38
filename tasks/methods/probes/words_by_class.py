"""Probes of words: fitted without the row's own fold, on sums of the words of each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.registry import get
from labelworks.tasks.methods.statistics.packed_words import HEAVIEST, unpack_words
from labelworks.tasks.methods.statistics.sums import BLOCK, ClassSums, FoldSums

Linear = tuple[NDArray[np.floating], NDArray[np.floating]]
SMOOTHING = 0.1  # of a word's weight in a class, where a word that is all of its row weighs 1


@dataclass(frozen=True)
class WordsByClass:
    """What a probe of words may see: rows (K,), weight of each word (K, V), log of the class shares (K,)."""

    count: NDArray[np.float64]
    weight: NDArray[np.float64]
    log_prior: NDArray[np.float64]

    @classmethod
    def of(cls, sums: ClassSums, columns: NDArray[np.intp]) -> WordsByClass:
        """Those of the sums, of the buckets (V,) that are a word of some row."""
        weight = sums.words[:, columns].toarray() / HEAVIEST
        return cls(sums.count, weight, sums.log_prior)


@dataclass(frozen=True)
class WordProbes:
    """Probes of words by fold: `models[fold]`, one a probe, saw every fold but that; the last saw them all.

    columns (V,): the buckets that are a word of some row, of so many; words of no row say nothing.
    """

    names: tuple[str, ...]
    columns: NDArray[np.intp]
    buckets: int
    models: tuple[tuple[Linear, ...], ...]

    @classmethod
    def fit(cls, sums: FoldSums, names: Sequence[str], exclude: Sequence[int] = ()) -> WordProbes:
        """Fit every probe for every fold; folds in `exclude` are seen by none."""
        whole = sums.without(*exclude)
        columns = np.unique(whole.words.indices)
        views = [sums.without(fold, *exclude) for fold in range(sums.n_folds)] + [whole]
        models = tuple(_fitted(names, view, columns) for view in views)
        return cls(tuple(names), columns, int(sums.words.shape[1]), models)

    def mixed(self, shares: Sequence[float]) -> WordProbes:
        """One probe in place of all: the sum of their logits, each times its share."""
        models = tuple((_mixed(model, shares),) for model in self.models)
        return WordProbes(("mixed",), self.columns, self.buckets, models)

    def logits(
        self, probe: int, words: NDArray[np.uint32] | None, folds: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """Logits (N, K) of packed words (N, W), each row's by the model that didn't see its fold (N,)."""
        if words is None:
            raise InputError("the rows have no words", where="words", fix="give them as the encoder did")
        by_class = np.empty((len(folds), len(self.models[-1][probe][1])), np.float32)
        for fold in np.unique(folds):
            weights, intercepts = self.models[fold][probe]
            rows = np.flatnonzero(folds == fold)
            for start in range(0, len(rows), BLOCK):
                take = rows[start : start + BLOCK]
                by_class[take] = self._seen(words[take]) @ weights + intercepts
        return by_class

    def _seen(self, words: NDArray[np.uint32]) -> Any:
        """Weights (n, V), sparse float32, of the words that some row had."""
        return unpack_words(words, self.buckets)[:, self.columns].astype(np.float32) / np.float32(HEAVIEST)


def _mixed(models: Sequence[Linear], shares: Sequence[float]) -> Linear:
    weights, intercepts = zip(*models, strict=True)
    of_all = np.asarray(shares, np.float32)
    return np.tensordot(of_all, np.stack(weights), 1), np.tensordot(of_all, np.stack(intercepts), 1)


def _fitted(names: Sequence[str], view: ClassSums, columns: NDArray[np.intp]) -> tuple[Linear, ...]:
    """The probes, float32; of each word its mean over the classes is taken away, which changes nothing.

    Words of no row of the view say nothing: of no class, however few rows it has.
    """
    words = WordsByClass.of(view, columns)
    there = words.weight.any(axis=0)
    seen = replace(words, weight=words.weight[:, there])
    fitted = []
    for name in names:
        weights, intercepts = get("probes", name).target(seen)
        whole = np.zeros((len(columns), len(intercepts)), np.float32)
        whole[there] = weights - weights.mean(axis=1, keepdims=True)
        fitted.append((whole, intercepts.astype(np.float32)))
    return tuple(fitted)
