"""What is known of every row's label: out-of-sample probabilities by the probes, then the noise method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from schemas.config import DetectConfig
from tasks.methods.noise import NoiseModel, NoiseResult, joined
from tasks.methods.probes.ensemble import ProbeEnsemble
from tasks.methods.probes.sums import Sums
from tasks.methods.probes.zero_shot import ClassNames
from tasks.methods.registry import get

BANK = 4000  # rows that hubs among the class names are measured by
JUDGED_PROBABILITIES = 1 << 21  # at a time: 8 MB, and as much again for each step of the noise method


@dataclass(frozen=True)
class Sample:
    """Rows held in memory: features (N, D), given labels (N,), folds (N,)."""

    features: NDArray[np.floating]
    given: NDArray[np.int32]
    folds: NDArray[np.int64]

    def only(self, rows: NDArray[np.bool_] | slice) -> Sample:
        """The rows of a mask (N,) or a range."""
        return Sample(self.features[rows], self.given[rows], self.folds[rows])


@dataclass(frozen=True)
class LabelModel:
    """Fitted probes and noise method; judges any row, out of sample by its fold."""

    ensemble: ProbeEnsemble
    noise: NoiseModel
    sees_features: bool = False

    @classmethod
    def fit(
        cls,
        sums: Sums,
        sample: Sample,
        config: DetectConfig,
        *,
        exclude: Sequence[int] = (),
        class_vectors: NDArray[np.floating] | None = None,
    ) -> LabelModel:
        """Fit the probes on the sums, temperatures and noise on the sample, both without excluded folds.

        class_vectors (K, D): the class names as the encoder of the rows sees them, where they are named.
        """
        seen = sample.only(~np.isin(sample.folds, exclude))
        adapt = partial(get("adapt", config.adapt.method).target, **config.adapt.options)
        names = None
        if class_vectors is not None:
            names = ClassNames(class_vectors, seen.features[:BANK] if config.query_bank else None)
        ensemble = ProbeEnsemble.fit(sums, config.probes, exclude=exclude, adapt=adapt, class_names=names)
        ensemble = ensemble.calibrate(seen.features, seen.given, seen.folds)
        method = get("noise", config.noise.method)
        named = {"class_vectors": class_vectors} if "class_names" in method.needs else {}
        noise: NoiseModel = method.target(**config.noise.options, **named)
        model = cls(ensemble, noise, sees_features="features" in method.needs)
        noise.update(seen.given, model.probs(seen.features, seen.folds), **model._beside(seen.features))
        noise.finish()
        return model

    def probs(
        self, features: NDArray[np.floating], folds: NDArray[np.int64] | None = None
    ) -> NDArray[np.float32]:
        """Probabilities (N, K) of the given label: out of sample by fold (N,), or by all rows (None)."""
        return np.exp(self.ensemble.log_probs(features, folds))

    @property
    def rows_at_once(self) -> int:
        """How many rows to judge at a time, so that memory doesn't grow with the number of classes."""
        return max(JUDGED_PROBABILITIES // self.ensemble.n_classes, 1)

    def judge(self, sample: Sample) -> NoiseResult:
        """Judge the given labels of rows."""
        size = self.rows_at_once
        starts = range(0, max(len(sample.given), 1), size)
        return joined([self._judge(sample.only(slice(start, start + size))) for start in starts])

    def difference(self, other: LabelModel, sample: Sample) -> float:
        """How far another model's error probabilities lie: the mean distance in the class where most."""
        apart = np.abs(self.judge(sample).error_probability - other.judge(sample).error_probability)
        rows = np.bincount(sample.given)
        return float(np.max(np.bincount(sample.given, apart) / np.maximum(rows, 1)))

    def _judge(self, sample: Sample) -> NoiseResult:
        probs = self.probs(sample.features, sample.folds)
        return self.noise.score(sample.given, probs, **self._beside(sample.features))

    def _beside(self, features: NDArray[np.floating]) -> dict[str, NDArray[np.floating]]:
        """What the noise method sees beside labels and probabilities."""
        return {"features": features} if self.sees_features else {}
