"""The noise-transition posterior: what the row looks like, weighed with how labels go wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from labelworks.tasks.methods.noise.core.checks import checked
from labelworks.tasks.methods.noise.core.result import NoiseResult, best_class, score_of
from labelworks.tasks.methods.noise.core.sampled import SampledModel
from labelworks.tasks.methods.noise.core.transition_em import (
    NoisyLabels,
    choose,
    columns_of,
    jackknife_spread,
    log_of,
    normalised,
    sorted_rows,
    true_class,
)
from labelworks.tasks.methods.registry import register


@register("noise", "noise-transition", needs=("pred_probs",), source="Goldberger & Ben-Reuven 2017")
class NoiseTransition(SampledModel):
    """P(true | x, given) by a sharpening and a noise transition found by EM.

    Options: sample (rows held to fit on), threshold (of the error probability, for the flag), seed.
    """

    name = "noise-transition"

    def __init__(self, *, sample: int = 20_000, threshold: float = 0.5, seed: int = 0) -> None:
        super().__init__(sample=sample, seed=seed, threshold=threshold)

    def finish(self) -> None:
        """Fit the sharpening and the transition on the sample."""
        labels, probs = sorted_rows(*self._sampled())
        data = NoisyLabels(labels, log_of(probs))
        self._tau, strength, self.transition = choose(data)
        self._columns = columns_of(self.transition)
        everything = np.ones(len(labels), np.float32)
        self._rate = data.noise_rate(data.sharpened(self._tau), self.transition, everything)
        spread = jackknife_spread(data, self._tau, strength, self.transition, self._seed)
        self._interval = (max(self._rate - spread, 0.0), min(self._rate + spread, 1.0))

    def score(self, labels: ArrayLike, pred_probs: Any) -> NoiseResult:
        """Judge a part, after finish: labels (n,), pred_probs (n, K)."""
        return self.judge(*checked(labels, pred_probs, classes=self._classes))

    def judge(
        self, given: NDArray[np.int32], probs: NDArray[np.float32], *, posterior: bool = True
    ) -> NoiseResult:
        """Judge rows that were checked: given (n,), probs (n, K)."""
        shares = true_class(log_of(probs), self._tau, self._columns, given)
        rows = np.arange(len(given))
        own = shares[rows, given]
        shares[rows, given] = 0
        others = shares @ np.ones(shares.shape[1], np.float32)  # not 1 - own: it would round to 0
        shares[rows, given] = own
        odds = np.log(others) - np.log(own)
        error = expit(odds)
        flag = error > self._threshold
        return NoiseResult(
            score=score_of(odds),
            error_probability=error,
            flag=flag,
            suggestion=best_class(shares, given, flag),
            posterior=normalised(shares) if posterior else None,
            transition=self.transition,
            noise_rate=self._rate,
            noise_rate_interval=self._interval,
            method=self.name,
        )
