"""The posterior of labels made of votes: what annotators said of a row, and what a model sees in it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit

from labelworks.tasks.methods.noise.core.checks import checked
from labelworks.tasks.methods.noise.core.result import NoiseResult, best_class, score_of
from labelworks.tasks.methods.noise.core.sampled import SampledModel
from labelworks.tasks.methods.noise.core.transition_em import log_of, normalised, sharpen
from labelworks.tasks.methods.registry import register

LOG_TAU = (-4.0, 2.0)  # where the log of the sharpening is looked for
FLOOR = np.float32(1e-6)  # of the votes' posterior: a model may find what no annotator saw


@register("noise", "crowd-posterior", needs=("pred_probs", "votes"), source="Raykar et al. 2010")
class CrowdPosterior(SampledModel):
    """P(true | x, votes) ∝ p(k | x)^τ · P(k | votes) / P(k): annotators and model as independent witnesses.

    Given labels are the aggregated ones. τ is the one under which the model foretells the votes best.
    Options: sample (rows held to fit on), threshold (of the error probability, for the flag), seed.
    """

    name = "crowd-posterior"
    beside = ("votes",)

    def __init__(self, *, sample: int = 20_000, threshold: float = 0.5, seed: int = 0) -> None:
        super().__init__(sample=sample, seed=seed, threshold=threshold)

    def finish(self) -> None:
        """Fit the sharpening on the sample; count how labels go wrong by the posterior there."""
        given, probs, votes = self._sampled()
        self._log_prior = np.log(np.maximum(votes.mean(axis=0, dtype=np.float64), FLOOR)).astype(np.float32)
        self.tau = self._sharpening(probs, votes)
        posterior = self._posterior(probs, votes)
        classes = len(posterior.T)
        counted = np.stack([np.bincount(given, column, minlength=classes) for column in posterior.T])
        expected = counted + 1e-3 * np.eye(classes)  # a class of no row stays as it is
        self.transition = expected / expected.sum(axis=1, keepdims=True)
        wrong = 1 - posterior[np.arange(len(given)), given].astype(np.float64)
        self._rate = float(np.clip(wrong.mean(), 0, 1))
        spread = 1.96 * float(wrong.std()) / np.sqrt(len(wrong))
        self._interval = (max(self._rate - spread, 0.0), min(self._rate + spread, 1.0))

    def _sharpening(self, probs: NDArray[np.float32], votes: NDArray[np.float32]) -> float:
        """τ, under which the model foretells the votes of the sample best."""
        evidence = np.exp(self._log_evidence(votes))
        best = minimize_scalar(
            lambda place: -_log_likelihood(log_of(probs), evidence, float(np.exp(place))),
            bounds=LOG_TAU,
            method="bounded",
        )
        return float(np.exp(best.x))

    def score(self, labels: ArrayLike, pred_probs: Any, **beside: Any) -> NoiseResult:
        """Judge a part, after finish: labels (n,), pred_probs (n, K), votes (n, K)."""
        given, probs = checked(labels, pred_probs, classes=self._classes)
        (votes,) = self._checked_beside(beside, len(given))
        posterior, rows = self._posterior(probs, votes), np.arange(len(given))
        own = posterior[rows, given]
        others = posterior.sum(axis=1, where=np.arange(len(posterior.T)) != given[:, None])
        odds = np.log(np.maximum(others, 1e-30)) - np.log(np.maximum(own, 1e-30))
        error = expit(odds).astype(np.float32)
        flag = error > self._threshold
        return NoiseResult(
            score=score_of(odds),
            error_probability=error,
            flag=flag,
            suggestion=best_class(posterior, given, flag),
            posterior=posterior,
            transition=self.transition,
            noise_rate=self._rate,
            noise_rate_interval=self._interval,
            method=self.name,
        )

    def _log_evidence(self, votes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log of P(votes | true class), but for a constant of each row (n, K)."""
        return np.asarray(np.log(np.maximum(votes, FLOOR)) - self._log_prior)

    def _posterior(self, probs: NDArray[np.float32], votes: NDArray[np.float32]) -> NDArray[np.float32]:
        log_shares = self.tau * log_of(probs) + self._log_evidence(votes)
        return normalised(np.exp(log_shares - log_shares.max(axis=1, keepdims=True)))


def _log_likelihood(log_probs: NDArray[np.float32], evidence: NDArray[np.float32], tau: float) -> float:
    """Mean log-likelihood of the votes where the model, so sharpened, says what is true."""
    shares = normalised(sharpen(log_probs, tau))
    return float(np.log(np.einsum("nk,nk->n", shares, evidence, dtype=np.float64)).mean())
