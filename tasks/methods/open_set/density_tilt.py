"""Share of an unseen class by a score, its density an exponential tilt of the known classes' density."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_expit
from scipy.stats import chi2

from labelworks.tasks.methods.arrays import Floats

DEGREES = (1, 2)  # of the tilt's exponent; two normal densities differ by at most a square
STARTS = (-3.0, 0.0)
LEVEL = 0.99  # of the likelihood-ratio test by which a share, or the square, has to be needed
STEEPEST = 50.0
SMALLER = 4.0  # rows' worth of belief in a smaller share: nothing beside a few hundred that tell


@dataclass(frozen=True)
class Tilt:
    """`share` of the unseen class, in each cell `posterior` (C,) of a target row belonging to it, and the
    log-likelihood `gain` over no unseen class; both 0 where the likelihood-ratio test needs none."""

    share: float
    posterior: Floats
    gain: float = 0.0


def tilt(known: Floats, target: Floats, scores: Floats) -> Tilt:
    """Fit target density / known density = 1 − share + share · exp(polynomial of the score), cell by cell.

    known, target: (C,) counts of rows, known ones may be weighted; scores: (C,) standardised. Empirical
    likelihood of a mixture with an exponentially tilted part, as the logistic regression it is (Qin 1999);
    nothing (share 0), the line or the parabola, whatever the likelihood-ratio test asks for.
    """
    best, nothing, spent = Tilt(0.0, np.zeros(len(scores))), _nothing(known, target), 0
    for degree in DEGREES:
        powers = scores[:, None] ** np.arange(degree + 1)
        climbed, value = _climb(known, target, powers)
        if value - nothing - best.gain > chi2.ppf(LEVEL, degree + 2 - spent) / 2:
            best, spent = replace(climbed, gain=value - nothing), degree + 2
    return best


def _nothing(known: Floats, target: Floats) -> float:
    """Log-likelihood without an unseen class: which window a row is of, whatever its score."""
    n, m = known.sum(), target.sum()
    return float(m * np.log(m / (n + m)) + n * np.log(n / (n + m)))


def _climb(known: Floats, target: Floats, powers: Floats) -> tuple[Tilt, float]:
    size = target.sum() / known.sum()

    def loss(at: Floats) -> tuple[float, Floats]:
        share, tilted = expit(at[0]), np.exp(np.clip(powers @ at[1:], -STEEPEST, STEEPEST))
        odds = size * (1 - share + share * tilted)
        value = (target * np.log(odds) - (target + known) * np.log1p(odds)).sum()
        slope = size * (target / odds - (target + known) / (1 + odds))
        # the smaller share wins where the likelihood leaves it open (Chen 1998): + SMALLER · log(1 − share)
        first = share * (1 - share) * (slope @ (tilted - 1)) - SMALLER * share
        return -value - SMALLER * float(log_expit(-at[0])), -np.append(
            first, powers.T @ (slope * share * tilted)
        )

    rest = [0.0] * (powers.shape[1] - 2)
    made = [minimize(loss, [start, -1.0, 1.0, *rest], jac=True, method="L-BFGS-B") for start in STARTS]
    best = min(made, key=lambda each: float(each.fun))
    share = float(expit(best.x[0]))
    tilted = share * np.exp(np.clip(powers @ best.x[1:], -STEEPEST, STEEPEST))
    posterior = tilted / (1 - share + tilted)
    # the share itself says little where the tilt ends at STEEPEST: far out, where no known row is
    return Tilt(float(target @ posterior / target.sum()), posterior), -float(best.fun)
