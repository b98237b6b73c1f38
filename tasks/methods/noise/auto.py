"""The method that finds out about the data what the others assume, and flags by a stated target."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from schemas.errors import ConfigError
from tasks.methods.noise.checks import checked
from tasks.methods.noise.flips import (
    FlipModel,
    drawn,
    evidence_of,
    fit_flip_model,
    flipped,
    log_odds,
    offset_to,
)
from tasks.methods.noise.noise_transition import best_class, jackknife_spread
from tasks.methods.noise.reservoir import STREAM
from tasks.methods.noise.result import NoiseResult, score_of
from tasks.methods.noise.sampled import SampledModel
from tasks.methods.noise.targets import Target, checked_target, false_discovery, max_f1, within_budget
from tasks.methods.noise.transition_em import NoisyLabels, sorted_rows
from tasks.methods.noise.views import View, fit_views
from tasks.methods.registry import register


@register("noise", "auto", needs=("pred_probs",), source="this project; Bates et al. 2023 for fdr")
class Auto(SampledModel):
    """Noise transition on the reading of the probabilities that fits best, with flips learned from.

    Options: target (max_f1, {fdr: share}, {budget: rows}), sample (rows held to fit on), seed.
    """

    name = "auto"

    def __init__(self, *, target: Target = "max_f1", sample: int = 20_000, seed: int = 0) -> None:
        if sample < 2:
            raise ConfigError(f"sample is {sample}", where="auto", fix="give 2 rows or more")
        super().__init__(sample=sample, seed=seed)
        self._target = checked_target(target)
        self._clean = np.zeros(0)

    def finish(self) -> None:
        """Choose the reading, fit its transition, learn from flips, place the cut."""
        labels, probs = sorted_rows(*self._sampled())
        self._views = fit_views(labels, probs)
        self.transition = np.mean([view.transition for view in self._views], axis=0)
        posterior = self._posterior(labels, probs)
        own = posterior[np.arange(len(labels)), labels]
        self._rate = float(np.clip(1 - own.mean(dtype=np.float64), 0, 1))
        self._interval = self._rate_interval(labels, probs)
        rng = np.random.default_rng([self._seed, STREAM])
        self._flips, self._offset = self._learned(labels, probs, posterior, rng), 0.0
        self._offset = offset_to(self._rate, self._error_odds(labels, probs, own))
        error = expit(self._error_odds(labels, probs, own))
        if self._target[0] == "fdr":
            self._clean = self._clean_errors(probs, _rescaled(posterior, labels, error), rng)
        self._threshold = self._cut(error)

    def score(self, labels: ArrayLike, pred_probs: Any) -> NoiseResult:
        """Judge a part, after finish: labels (n,), pred_probs (n, K); flags by the sample's cut."""
        return self.judge(*checked(labels, pred_probs, classes=self._classes))

    def judge(
        self, given: NDArray[np.int32], probs: NDArray[np.float32], *, posterior: bool = True
    ) -> NoiseResult:
        """Judge rows that were checked: given (n,), probs (n, K)."""
        shares = self._posterior(given, probs)
        odds = self._error_odds(given, probs, shares[np.arange(len(given)), given])
        error = expit(odds).astype(np.float32)
        flag = error >= np.float32(self._threshold)
        return NoiseResult(
            score=score_of(odds),
            error_probability=error,
            flag=flag,
            suggestion=best_class(shares, given, flag),
            posterior=_rescaled(shares, given, error) if posterior else None,
            transition=self.transition,
            noise_rate=self._rate,
            noise_rate_interval=self._interval,
            method=self.name,
        )

    def flags(self, error: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Flag rows by the error probabilities (N,) of all the data, so that the target is met on it."""
        return np.asarray(error >= np.float32(self._cut(error)))

    def _cut(self, error: NDArray[np.floating]) -> float:
        name, value = self._target
        if name == "max_f1":
            return max_f1(error)
        if name == "fdr":
            return false_discovery(error, self._clean, value)
        rows = self._reservoir.seen if self._reservoir else len(error)
        return within_budget(error, value / rows)

    def _posterior(self, given: NDArray[np.int32], probs: NDArray[np.float32]) -> NDArray[np.float32]:
        posterior = self._views[0].posterior(given, probs)
        for view in self._views[1:]:
            posterior += view.posterior(given, probs)
        posterior /= np.float32(len(self._views))
        return posterior

    def _error_odds(
        self, given: NDArray[np.int32], probs: NDArray[np.float32], own: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """Log-odds (n,) that the label is wrong: half by the posterior, half by what the flips taught."""
        learned = self._flips.log_ratio(evidence_of(given, probs, own)) + np.log(max(self._rate, 1e-9))
        return np.asarray((learned - log_odds(own)) / 2 + self._offset)

    def _learned(
        self,
        labels: NDArray[np.int32],
        probs: NDArray[np.float32],
        posterior: NDArray[np.float32],
        rng: np.random.Generator,
    ) -> FlipModel:
        rows = np.arange(len(labels))
        wrong, weights = flipped(posterior, self.transition, rng)
        flips = evidence_of(wrong, probs, self._posterior(wrong, probs)[rows, wrong])
        return fit_flip_model(flips, weights, evidence_of(labels, probs, posterior[rows, labels]))

    def _clean_errors(
        self, probs: NDArray[np.float32], posterior: NDArray[np.float32], rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Error probabilities (M,) of labels drawn as the true ones: what a correct label looks like."""
        true = drawn(posterior, rng)
        own = self._posterior(true, probs)[np.arange(len(true)), true]
        return np.asarray(expit(self._error_odds(true, probs, own)))

    def _rate_interval(self, labels: NDArray[np.int32], probs: NDArray[np.float32]) -> tuple[float, float]:
        view: View = self._views[0]
        data = NoisyLabels(labels, view.log_odds(probs))
        spread = jackknife_spread(data, view.tau, view.strength, view.transition, self._seed)
        return max(self._rate - spread, 0.0), min(self._rate + spread, 1.0)


def _rescaled(
    posterior: NDArray[np.float32], given: NDArray[np.int32], error: NDArray[np.floating]
) -> NDArray[np.float32]:
    """The posterior with P(true = given) replaced by 1 - error and the other classes scaled to the rest."""
    rows = np.arange(len(given))
    others = 1 - posterior[rows, given]
    scaled = posterior * (error / np.maximum(others, np.float32(1e-9)))[:, None].astype(np.float32)
    scaled[rows, given] = 1 - error
    return scaled
