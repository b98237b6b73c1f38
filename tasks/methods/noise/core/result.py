"""What a noise method gives back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from labelworks.schemas.errors import InputError

TINY = 1e-30  # a share of the other classes that says nothing of which


@dataclass(frozen=True)
class NoiseResult:
    """Label noise of N rows over K classes.

    score (N,) float32 in [0, 1], low = suspicious, meant for its order; error_probability (N,) float32,
    calibrated; flag (N,) bool; suggestion (N,) int32, the given class, where flagged the likeliest other one;
    posterior (N, K) float32 of the true label, None where it was not asked for;
    transition (K, K) float64, rows = true class, P(given | true); noise_rate with its 95 % interval; reason:
    what the interval rests on, and what a promise about the flags assumes, in words; steady: whether errors
    are as common among sure rows as among hard ones, as far as the method looked; claim (N,): P(the
    suggestion is right) as far as it is borne out, at most that of the posterior; doubt: by how much in
    log-odds the claims may be too large, by three chances of four no more; confident (N,): where the
    transition doesn't tell which labels are right, the class by confident learning, -1 where it has none, and
    its probability.
    """

    score: NDArray[np.float32]
    error_probability: NDArray[np.float32]
    flag: NDArray[np.bool_]
    suggestion: NDArray[np.int32]
    posterior: NDArray[np.float32] | None
    transition: NDArray[np.float64]
    noise_rate: float
    noise_rate_interval: tuple[float, float]
    method: str
    reason: str = ""
    steady: bool = True
    claim: NDArray[np.float32] | None = None
    doubt: float = 0.0
    confident: NDArray[np.int32] | None = None
    confident_probability: NDArray[np.float32] | None = None

    @property
    def shares(self) -> NDArray[np.float32]:
        """The posterior (N, K); raises InputError where it was not asked for."""
        if self.posterior is None:
            raise InputError("there is no posterior", where=self.method, fix="ask for it (posterior=True)")
        return self.posterior

    @property
    def suggested(self) -> NDArray[np.float32] | None:
        """Probability (N,) that the suggestion is right; None where there is no posterior."""
        return None if self.posterior is None else self.posterior[np.arange(len(self.flag)), self.suggestion]


def joined(parts: Sequence[NoiseResult]) -> NoiseResult:
    """One result of those of consecutive rows, all of one model."""
    if len(parts) == 1:
        return parts[0]
    rows = ("score", "error_probability", "flag", "suggestion")
    columns: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in rows}
    if parts[0].posterior is not None:
        columns["posterior"] = np.concatenate(
            [part.posterior for part in parts if part.posterior is not None]
        )
    for name in ("claim", "confident", "confident_probability"):
        if getattr(parts[0], name) is not None:
            columns[name] = np.concatenate([getattr(part, name) for part in parts])
    return replace(parts[0], **columns)


def score_of(error_odds: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return scores (N,) from the log-odds of error: at a quarter of them, float32 still orders sure rows."""
    return np.asarray(expit(-error_odds / 4), np.float32)


def best_class(
    shares: NDArray[np.float32], given: NDArray[np.int32], flag: NDArray[np.bool_]
) -> NDArray[np.int32]:
    """Return the given class (N,), where flagged the largest other one of shares (N, K)."""
    best = given.copy()
    rows = np.flatnonzero(flag)
    others = shares[rows]
    others[np.arange(len(rows)), given[rows]] = -1
    best[rows] = others.argmax(axis=1)
    return best


def with_error(
    posterior: NDArray[np.float32], given: NDArray[np.integer], error: NDArray[np.floating]
) -> NDArray[np.float32]:
    """The posterior (N, K) with P(true = given) of 1 - error, and the other classes scaled to it."""
    places = np.arange(len(given))
    scaled = posterior.copy()
    scaled[places, given] = 0
    others = scaled.sum(axis=1)
    scaled *= (error / np.maximum(others, TINY))[:, None].astype(np.float32)
    scaled[places, given] = np.where(others > TINY, 1 - error, 1)  # where no other class is possible
    return scaled


def completed(found: NoiseResult, given: NDArray[np.integer], probs: NDArray[np.floating]) -> NoiseResult:
    """The result with a posterior, where its method gives none: probs (N, K) times the transition.

    At its error probabilities: P(true = given) is 1 - error.
    """
    if found.posterior is not None:
        return found
    columns = np.ascontiguousarray(found.transition.T, np.float32)
    shares = np.asarray(probs, np.float32) * columns[given]
    return replace(found, posterior=with_error(shares, given, found.error_probability))
