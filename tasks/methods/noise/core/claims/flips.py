"""Labels flipped on purpose: known errors to learn from how the scores of a row add up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from labelworks.tasks.methods.noise.core.views import Reading

FEW = 32  # classes: up to there a maximum runs faster down the columns than along the rows
PENALTY = 1.0  # ridge on the standardised coefficients, as one row of evidence each


@dataclass(frozen=True)
class FlipModel:
    """Logistic regression of a row's evidence: flipped on purpose, or as it came."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    intercept: float

    def log_ratio(self, evidence: NDArray[np.floating]) -> NDArray[np.float64]:
        """Log density ratio (N,) of flipped to all rows, at evidence (N, E)."""
        weights = self.weights / self.scale
        return np.asarray(evidence @ weights + (self.intercept - self.mean @ weights), np.float64)


def evidence_of(given: NDArray[np.int32], probs: NDArray[np.float32], read: Reading) -> NDArray[np.float32]:
    """Return what speaks for and against the given labels (N, 5).

    Log-odds of the posterior, self-confidence, the best other class, the margin, the entropy.
    """
    rows = np.arange(len(given))
    confidence = read.logs[rows, given]
    entropy = -np.einsum("nk,nk->n", probs, read.logs)
    best = best_other(given, read.logs)
    return np.stack([read.odds, confidence, best, np.exp(confidence) - np.exp(best), entropy]).T


def best_other(given: NDArray[np.int32], values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the largest value (N,) of another class than the given one, of values (N, K)."""
    others = np.array(values, order="F" if values.shape[1] <= FEW else "C")
    others[np.arange(len(given)), given] = -np.inf
    return np.asarray(others.max(axis=1))


def log_odds(share: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return log(p / (1 - p)), p kept within 1e-9 of the ends."""
    inner = np.clip(share.astype(np.float64), 1e-9, 1 - 1e-9)
    return np.asarray(np.log(inner) - np.log1p(-inner))


def flipped(
    posterior: NDArray[np.float32], transition: NDArray[np.float64], rng: np.random.Generator
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Flip every label: a true class by the posterior (N, K), a wrong one by its row of the transition.

    The posterior need not sum to 1.
    Returns the wrong labels (N,) and the weights (N,) with which such errors occur.
    """
    true = drawn(posterior, rng)
    wrong = transition.copy()
    np.fill_diagonal(wrong, 0)
    weights = wrong.sum(axis=1)[true] + 1e-12
    labels = drawn((wrong + 1e-12 * (1 - np.eye(len(wrong))))[true], rng)
    return labels, weights / weights.mean()


def drawn(shares: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.int32]:
    """Draw a class (N,) from each row of shares (N, K)."""
    ends = np.cumsum(shares, axis=1, dtype=np.float64)
    picks = rng.random(len(shares)) * ends[:, -1]
    picked = (picks[:, None] >= ends).sum(axis=1)
    picked[picked == shares.shape[1]] -= 1  # rounding
    return np.asarray(picked, np.int32)


def fit_flip_model(
    flips: NDArray[np.floating], weights: NDArray[np.float64], rows: NDArray[np.floating]
) -> FlipModel:
    """Fit by Newton's method: evidence of flips (M, E) with weights (M,) against that of the rows (N, E)."""
    evidence = np.concatenate([flips, rows]).astype(np.float64)
    mean, scale = evidence.mean(axis=0), evidence.std(axis=0) + 1e-9
    design = np.column_stack([(evidence - mean) / scale, np.ones(len(evidence))])
    outcome = np.repeat([1.0, 0.0], [len(flips), len(rows)])
    share = np.concatenate([weights / weights.sum(), np.full(len(rows), 1 / len(rows))])
    share *= len(evidence) / 2
    ridge = np.diag(np.append(np.full(evidence.shape[1], PENALTY), 1e-9))
    solution = np.zeros(design.shape[1])
    for _ in range(25):
        fitted = expit(design @ solution)
        slope = design.T @ (share * (outcome - fitted)) - ridge @ solution
        curve = (design * (share * fitted * (1 - fitted))[:, None]).T @ design + ridge
        step = np.linalg.solve(curve, slope)
        solution += step
        if np.abs(step).max() < 1e-6:
            break
    return FlipModel(mean, scale, solution[:-1], float(solution[-1]))


def offset_to(mean: float, odds: NDArray[np.floating]) -> float:
    """Return the shift of log-odds (N,) at which their probabilities have that mean."""
    reach = 40.0
    low, high = expit(odds - reach).mean(), expit(odds + reach).mean()
    if not low < mean < high:
        return -reach if mean <= low else reach
    return float(brentq(lambda shift: expit(odds + shift).mean() - mean, -reach, reach))
