"""What share of claims is right, by how many errors there may be and how many claims they would make."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from labelworks.tasks.methods.noise.core.claims.contradictions import PossibleErrors

GROUP, GROUPS = 12, 20  # at least so many claims of the rows in each group, at most so many groups
SHIFTS = np.array([-8, -6.5, -5.5, -4.5, -3.5, -3, -2.5, -2, -1.5, -1, -0.5, 0])  # of log-odds …
SLOPES = np.linspace(0.1, 1, 10)  # … which may be too steep as well
SHIFT, SLOPE = 3.0, 0.5  # by so much as a rule
MANY = 100  # claims of a group from which on their own count is heard beside the curve through all
CEILINGS = {1.0: 0.8, 0.9: 0.05, 0.7: 0.05, 0.4: 0.05, 0.1: 0.05}  # and how likely: the most that is right
INNER = 1e-4  # nearer to 0 and 1 a claim says no more
DOUBT = 0.6745  # standard deviations: as many are right at least, by three chances of four
LIKELY = 0.5  # claims from which on it matters how far they may be too large
KNOTS = expit(np.linspace(logit(INNER), -logit(INNER), 120))
Floats = NDArray[np.float64]


def curve_of(claims: Floats, flips: Floats, weights: Floats, errors: PossibleErrors) -> tuple[Floats, float]:
    """The share that is right of claims at each of KNOTS; by how much in log-odds it may be less.

    claims (C,): what is claimed of the given labels, at least one. flips (M,): what would rightly be claimed
    of errors, and how many of these each stands for (M,) if there are as many as the transition says. The
    log-odds of claims are lowered by a shift and a slope, and end at a ceiling: those are likely that explain
    how many claims there are of each size (Poisson). The mean over all of these, and over how many errors
    there may be, is the probability that a claim is right. Three in four of them lie above it less the doubt.
    """
    parts = np.array_split(np.sort(claims), int(np.clip(len(claims) // GROUP, 1, GROUPS)))
    count = np.array([len(part) for part in parts], np.float64)
    place = np.searchsorted([part[0] for part in parts[1:]], flips, side="right")
    right = errors.times[:, None] * np.bincount(place, weights, len(parts))
    means = np.array([part.mean() for part in parts])
    evidence = np.array([_evidence(shares, right, count) for shares in _lowered(means)])
    evidence += np.log(errors.weight + 1e-300)[:, None]
    likely = np.exp(evidence - evidence.max()).sum(axis=1) * BEFORE
    mean, low = (
        _bent(curve, means, count, errors.weight @ right) for curve in _mean_and_low(likely / likely.sum())
    )
    return mean, _doubt(np.interp(claims, KNOTS, mean), np.interp(claims, KNOTS, low))


def _mean_and_low(likely: Floats) -> tuple[Floats, Floats]:
    """The mean at KNOTS of curves as likely (CURVES, SLOPES) as they are, and what most of them lie above."""
    curves = _lowered(KNOTS)
    mean = np.einsum("cs,csk->k", likely, curves)
    spread = np.sqrt(np.einsum("cs,csk->k", likely, np.square(curves - mean)))
    return mean, np.maximum.accumulate(np.maximum(mean - DOUBT * spread, INNER))


def _doubt(mean: Floats, low: Floats) -> float:
    """By how much the log-odds of likely claims (C,) may be lower in the mean, at least 0."""
    some = mean >= min(LIKELY, mean.max())
    odds, least = logit(np.clip([mean[some], low[some]], INNER, 1 - INNER))
    return float(max((odds - least).mean(), 0.0))


def _bent(curve: Floats, means: Floats, count: Floats, right: Floats) -> Floats:
    """A curve at KNOTS, bent to what so many claims (G,) of such means (G,) show where there are many."""
    there = np.interp(means, KNOTS, curve)
    own = 1 - np.minimum(MANY / count, 1)
    share = (1 - own) * there + own * np.minimum(right / count, 1)
    bent = np.maximum.accumulate(curve * np.interp(KNOTS, means, share / there))
    return np.asarray(np.minimum(bent, 1))


def _before() -> Floats:
    """How likely the ceilings and shifts, and the slopes, are before anything is known, (CURVES, SLOPES)."""
    ceiling, shift = np.repeat(list(CEILINGS.values()), len(SHIFTS)), np.tile(SHIFTS, len(CEILINGS))
    return np.asarray(
        np.outer(ceiling * np.exp(-((shift / SHIFT) ** 2) / 2), np.exp(-(((1 - SLOPES) / SLOPE) ** 2) / 2))
    )


BEFORE = _before()


def _lowered(claims: Floats) -> Floats:
    """Claims (G,) by each ceiling and shift, and each slope of their log-odds, (CURVES, SLOPES, G)."""
    odds = logit(np.clip(claims, INNER, 1 - INNER))
    curves = expit(SHIFTS[:, None, None] + SLOPES[:, None] * odds)
    return np.concatenate([ceiling * curves for ceiling in CEILINGS])


def _evidence(share: Floats, right: Floats, count: Floats) -> Floats:
    """Log-likelihood (T, SLOPES) of claims counted by group (G,).

    share (SLOPES, G): of the claims that is right; right (T, G): claims that are, for each number of errors.
    """
    expected = right[:, None, :] / share + 1e-6
    return np.asarray((count * np.log(expected) - expected).sum(axis=-1))
