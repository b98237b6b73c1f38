"""Maximum a posteriori shares under Dirichlet priors around no shift and around even shares.

How strongly each pulls is told by its evidence (empirical Bayes): nothing where the target's rows decide by
themselves, nearly all where they can't tell the classes apart. Source: MacKay 1998, Choice of basis for
Laplace approximation; the mean over what is plausible, Hoeting et al. 1999.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from labelworks.tasks.methods.arrays import Floats, Matrix, sample
from labelworks.tasks.methods.label_shift.mixture import Mixture, maximise

STRENGTHS = 8  # of the pull, from a tenth of a row a class to many times the target
ELEMENTS = 200_000  # of the target's rows that the evidence is taken from
LEAST = 1000  # rows at least
ROUGH, FINE = 1e-4, 1e-6  # of the mean log-likelihood: for the evidence, for the shares
PLAUSIBLE = 0.05  # of the evidence, below which a prior is left out


@dataclass(frozen=True)
class Pull:
    """A Dirichlet prior: `rows` (K,) that it stands for, and what it `counts` among others."""

    rows: Floats
    counts: float


@dataclass(frozen=True)
class Pulled:
    """What is found under each of the priors at work; `seen`: what the target's rows count together."""

    pulls: Sequence[Pull]
    fits: Sequence[Mixture]
    seen: float

    @property
    def shares(self) -> Floats:
        """Of the population that the target is drawn from, (K,): averaged by what the priors count."""
        both = zip(self.pulls, self.fits, strict=True)
        parts = np.array([pull.counts * fit.weights for pull, fit in both])
        return np.asarray(parts.sum(axis=0), dtype=np.float64)

    @property
    def covariance(self) -> Floats:
        """Of the shares, (K, K)."""
        both = zip(self.pulls, self.fits, strict=True)
        parts = [pull.counts * _covariance(fit, pull.rows, self.seen) for pull, fit in both]
        return np.asarray(np.sum(parts, axis=0), dtype=np.float64)


def plausible(ratio: NDArray[np.floating], source: Floats, worth: float) -> list[Pull]:
    """The Dirichlet priors that the target's likelihood finds plausible, by their evidence.

    ratio (M, K): likelihoods of the classes; source (K,): the prior of no shift, above 0; worth: what a row
    of the target counts, less than one where the likelihoods were learnt from few rows.
    """
    M, K = ratio.shape
    part = ratio[sample(M, max(ELEMENTS // K, LEAST))]
    pulls: list[tuple[Floats, float]] = []
    for centre in (source / source.sum(), np.full(K, 1 / K)):
        start = centre
        for strength in np.geomspace(30 * M, 0.1 * K, STRENGTHS):
            rows = strength * centre
            fitted = _fit(part, rows, worth, start, ROUGH)
            start = np.maximum(fitted.weights, 1e-9)
            pulls.append((rows, _evidence(fitted, rows, worth * len(part))))
    evidence = np.array([evidence_of for _, evidence_of in pulls])
    odds = np.exp(evidence - evidence.max())
    kept = np.where(odds / odds.sum() >= PLAUSIBLE, odds, 0.0)
    return [
        Pull(rows, float(counts))
        for (rows, _), counts in zip(pulls, kept / kept.sum(), strict=True)
        if counts > 0
    ]


def pulled(ratio: NDArray[np.floating], pulls: Sequence[Pull], worth: float, start: Floats) -> Pulled:
    """Shares under each of the priors."""
    fits = [_fit(ratio, pull.rows, worth, start, FINE) for pull in pulls]
    return Pulled(pulls, fits, worth * len(ratio))


def _fit(ratio: NDArray[np.floating], rows: Floats, worth: float, start: Floats, tolerance: float) -> Mixture:
    """The mode over the logarithms of the shares: a prior is so many rows, each of one class for sure."""
    K = len(rows)
    both: Matrix = np.vstack([ratio, np.eye(K)]).astype(np.float32)
    counts = np.concatenate([np.full(len(ratio), worth), rows])
    return maximise(both, start, rows=counts, least=rows / counts.sum(), tolerance=tolerance)


def _evidence(fitted: Mixture, rows: Floats, seen: float) -> float:
    """Logarithm of the likelihood averaged over the prior, up to a constant.

    Laplace's approximation, mended by what Stirling's lacks: exact where every row's class is known.
    """
    total, K = seen + float(rows.sum()), len(rows)
    logdet = float(np.linalg.slogdet(_information(fitted, total))[1]) - np.log(total)
    norm = float(gammaln(rows.sum()) - gammaln(rows).sum())
    mended = float(_beyond_stirling(total * fitted.weights).sum() - _beyond_stirling(np.array([total])).sum())
    return total * fitted.value + norm + mended + 0.5 * float((K - 1) * np.log(2 * np.pi) - logdet)


def _beyond_stirling(counts: Floats) -> Floats:
    """log Γ less Stirling's approximation of it."""
    stirling = counts * np.log(counts) - counts + 0.5 * np.log(2 * np.pi / counts)
    return np.asarray(gammaln(counts) - stirling)


def _information(fitted: Mixture, total: float) -> Floats:
    """Of the logarithms of the shares, (K, K); their common level, which means nothing, is pinned."""
    w = fitted.weights
    return np.asarray(total * (np.outer(w, w) * (fitted.curve - 1) + 1 / len(w)))


def _covariance(fitted: Mixture, rows: Floats, seen: float) -> Floats:
    """Posterior covariance of the shares, (K, K), by the delta method."""
    w = fitted.weights
    moves = np.diag(w) - np.outer(w, w)
    inner = np.linalg.pinv(_information(fitted, seen + float(rows.sum())), hermitian=True)
    return np.asarray(moves @ inner @ moves, dtype=np.float64)
