"""Probes of random features: fitted without the row's own fold, on sums of the features of each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.registry import get
from labelworks.tasks.methods.statistics.random_features import RandomFeatures
from labelworks.tasks.methods.statistics.sums import BLOCK, MappedSums

Linear = tuple[NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True)
class FourierProbes:
    """Probes of random features by fold: `models[fold]`, one a probe, saw every fold but that; the last all.

    random: the map of the rows that they stand behind; shares: what each of them counts for in a mix.
    """

    names: tuple[str, ...]
    random: RandomFeatures
    models: tuple[tuple[Linear, ...], ...]
    shares: tuple[float, ...] = ()

    @classmethod
    def fit(cls, mapped: MappedSums, names: Sequence[str], exclude: Sequence[int] = ()) -> FourierProbes:
        """Fit every probe for every fold, folds in `exclude` seen by none."""
        sums = mapped.sums
        views = [sums.without(fold, *exclude) for fold in range(sums.n_folds)] + [sums.without(*exclude)]
        targets = [get("probes", name).target for name in names]
        fitted = ([target(view) for target in targets] for view in views)
        models = tuple(tuple(_centred(*model) for model in by_fold) for by_fold in fitted)
        return cls(tuple(names), mapped.random, models)

    def mixed(self, shares: Sequence[float]) -> FourierProbes:
        """One probe in place of all: the sum of their logits, each times its share."""
        models = tuple((_mixed(model, shares),) for model in self.models)
        return FourierProbes(("mixed",), self.random, models, tuple(shares))

    def logits(self, features: NDArray[np.floating], folds: NDArray[np.integer]) -> list[NDArray[np.float32]]:
        """Logits (N, K) by every probe of rows (N, D), each by the model that didn't see its fold (N,)."""
        classes = len(self.models[-1][0][1])
        by_probe = [np.empty((len(folds), classes), np.float32) for _ in self.names]
        for fold in np.unique(folds):
            rows = np.flatnonzero(folds == fold)
            for start in range(0, len(rows), BLOCK):
                take = rows[start : start + BLOCK]
                mapped = self.random.rows(features[take])
                for logits, (weights, intercepts) in zip(by_probe, self.models[fold], strict=True):
                    logits[take] = mapped @ weights + intercepts
        return by_probe


def _centred(weights: NDArray[np.float64], intercepts: NDArray[np.float64]) -> Linear:
    """In float32; what all classes have in common is taken away first, which changes nothing."""
    apart = weights - weights.mean(axis=1, keepdims=True)
    return apart.astype(np.float32), (intercepts - intercepts.mean()).astype(np.float32)


def _mixed(models: Sequence[Linear], shares: Sequence[float]) -> Linear:
    weights, intercepts = zip(*models, strict=True)
    of_all = np.asarray(shares, np.float32)
    return np.tensordot(of_all, np.stack(weights), 1), np.tensordot(of_all, np.stack(intercepts), 1)
