"""What makes a noise method of a row's score: transition, calibration by flips, a target."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.noise.core.checks import checked
from labelworks.tasks.methods.noise.core.claims.flips import fit_flip_model, flipped, log_odds, offset_to
from labelworks.tasks.methods.noise.core.claims.targets import (
    Target,
    checked_target,
    just_under,
    max_f1,
    within_budget,
)
from labelworks.tasks.methods.noise.core.reservoir import STREAM
from labelworks.tasks.methods.noise.core.result import NoiseResult, best_class, with_error
from labelworks.tasks.methods.noise.core.sampled import SampledModel
from labelworks.tasks.methods.noise.core.transition_em import (
    NoisyLabels,
    jackknife_spread,
    log_of,
    sorted_order,
)
from labelworks.tasks.methods.noise.core.views import plain_view

Beside = dict[str, NDArray[Any]]


class ScoredModel(SampledModel, ABC):
    """A noise method whose heart is `quality`: how well a label fits its row, in [0, 1].

    Its error probability is learned from labels flipped on purpose by the noise transition of the data, and
    shared out among the other classes as the transition's posterior has them.
    """

    def __init__(self, *, target: Target = "max_f1", sample: int = 20_000, seed: int = 0) -> None:
        super().__init__(sample=sample, seed=seed)
        self.target = checked_target(target)
        if self.target[0] == "fdr":
            raise ConfigError("the fdr target needs the method auto", where=self.name)

    @abstractmethod
    def quality(
        self, given: NDArray[np.int32], probs: NDArray[np.float32], beside: Beside
    ) -> NDArray[np.float32]:
        """Return how well each label fits its row (n,), in [0, 1]."""

    def learn(self, given: NDArray[np.int32], probs: NDArray[np.float32], beside: Beside) -> None:
        """Take from the sample what `quality` needs: nothing, unless a method says so."""
        del given, probs, beside

    def finish(self) -> None:
        """Fit the noise transition, learn the calibration from flips, place the cut."""
        columns = self._sampled()
        order = sorted_order(columns[0], columns[1])
        labels, probs, *rest = (column[order] for column in columns)
        beside = dict(zip(self.beside, rest, strict=True))
        self.learn(labels, probs, beside)
        data = NoisyLabels(labels, log_of(probs))
        self._view = plain_view(data)
        self.transition = self._view.transition
        posterior = self._view.posterior(labels, probs)
        own = posterior[np.arange(len(labels)), labels]
        self._rate = float(np.clip(1 - own.mean(dtype=np.float64), 0, 1))
        spread = jackknife_spread(data, self._view.tau, self._view.strength, self.transition, self._seed)
        self._interval = (max(self._rate - spread, 0.0), min(self._rate + spread, 1.0))
        wrong, weights = flipped(posterior, self.transition, np.random.default_rng([self._seed, STREAM]))
        flips = _evidence(self.quality(wrong, probs, beside))
        rows = _evidence(self.quality(labels, probs, beside))
        self._flips, self._offset = fit_flip_model(flips, weights, rows), 0.0
        self._offset = offset_to(self._rate, self._flips.log_ratio(rows))
        self._least = self._cut(self._error(rows))
        self._threshold = just_under(self._least)

    def score(self, labels: ArrayLike, pred_probs: Any, **beside: Any) -> NoiseResult:
        """Judge a part, after finish."""
        given, probs = checked(labels, pred_probs, classes=self._classes)
        columns = dict(zip(self.beside, self._checked_beside(beside, len(given)), strict=True))
        quality = self.quality(given, probs, columns)
        error = self._error(_evidence(quality)).astype(np.float32)
        flag = error >= np.float32(self._least)
        posterior = with_error(self._view.posterior(given, probs), given, error)
        return NoiseResult(
            score=quality,
            error_probability=error,
            flag=flag,
            suggestion=best_class(posterior, given, flag),
            posterior=posterior,
            transition=self.transition,
            noise_rate=self._rate,
            noise_rate_interval=self._interval,
            method=self.name,
        )

    def flags(self, found: NoiseResult) -> NDArray[np.bool_]:
        """Flag the rows (N,) of all the data by what was found of them, so that the target is met on it."""
        error = found.error_probability
        return np.asarray(error >= np.float32(self._cut(error)))

    def _cut(self, error: NDArray[np.floating]) -> float:
        name, value = self.target
        return max_f1(error) if name == "max_f1" else within_budget(error, value / self.rows)

    def _error(self, evidence: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(expit(self._flips.log_ratio(evidence) + self._offset), np.float64)


def _evidence(quality: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.stack([log_odds(quality), quality.astype(np.float64)], axis=1)
