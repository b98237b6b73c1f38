"""Maximum likelihood of mixture weights: what EM converges to, by few Newton steps with a sure stop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve, cholesky, solve_triangular
from scipy.optimize import nnls

from labelworks.tasks.methods.arrays import Floats, blocks

TINY = 1e-30
UNLIKELY = 1e-9  # a row is never less likely than this, relative to its likeliest class
PROXIMAL = 1e-6  # pull to where we are, relative to the mean curvature: settles shares nobody can tell apart
FAR = 1.0  # gap from which some rows' class has far too little: EM gives it its share, Newton would double it
PIVOTS = 20  # before the slower way
FLAT = 1e-12  # a slope below this doesn't call for a share
SINGULAR = 1e-4  # smallest eigenvalue of the curvature, each class in its own unit: letter has .5


@dataclass(frozen=True)
class Mixture:
    """Weights (K,) that maximise the mean of log(ratio @ weights).

    `gap` bounds what the likelihood lacks; `value`: the mean reached; `curve` (K, K): the mean over rows of
    ratio · ratioᵀ over the square of the density; `possible` (K,): classes that it started from.
    """

    weights: Floats
    gap: float
    value: float
    curve: Floats
    possible: NDArray[np.bool_]

    @property
    def singular(self) -> bool:
        """Whether two classes, or mixes of them, look alike to the rows, also where one got nothing."""
        curve = self.curve[np.ix_(self.possible, self.possible)]
        unit = np.sqrt(np.maximum(np.diag(curve), TINY))
        return bool(np.linalg.eigvalsh(curve / np.outer(unit, unit))[0] < SINGULAR)

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be said of this maximum."""
        short = () if self.gap < 1e-3 else (f"stopped {self.gap:.1e} short of the maximum likelihood",)
        return short + (("the target's rows can't tell all classes apart",) if self.singular else ())


@dataclass(frozen=True)
class _Point:
    value: float
    slope: Floats
    curve: Floats

    @property
    def gap(self) -> float:
        """The mean log-likelihood is within this of its maximum, by concavity."""
        return float(self.slope.max() - 1)


def maximise(
    ratio: NDArray[np.floating],
    start: Floats,
    *,
    rows: Floats | None = None,
    least: Floats | None = None,
    tolerance: float = 1e-9,
    steps: int = 50,
) -> Mixture:
    """Maximise mean log(ratio @ w) over the simplex.

    ratio: (M, K), likelihoods of each class up to a factor per row; start: (K,), on the simplex;
    rows: (M,) weights of the rows; least: (K,), known to be below the maximum. The same maximum as the EM of
    Saerens et al. 2002, by sequential quadratic programmes (Kim et al. 2020); a step that doesn't raise the
    likelihood is replaced by one of EM.
    """
    w = 0.99 * start / start.sum() + 0.01 * (start > 0) / (start > 0).sum()
    point = _evaluate(ratio, w, rows)
    for _ in range(steps):
        if point.gap < tolerance:
            break
        if point.gap > FAR:
            w = w * point.slope / (w @ point.slope)
            point = _evaluate(ratio, w, rows)
        moved, then = _climb(ratio, w, point, rows, least)
        if then.value <= point.value + 1e-14 and np.abs(moved - w).max() < 1e-10:
            break
        w, point = moved, then
    return Mixture(w / w.sum(), point.gap, point.value, point.curve, start > 0)


def _climb(
    ratio: NDArray[np.floating], w: Floats, point: _Point, rows: Floats | None, least: Floats | None
) -> tuple[Floats, _Point]:
    """The quadratic programme's step, halved until the likelihood rises; else one step of EM."""
    goal = _quadratic(point, w, np.zeros_like(w) if least is None else least)
    if goal is not None:
        for length in (1.0, 0.5, 0.1):
            new = (1 - length) * w + length * goal
            then = _evaluate(ratio, new / new.sum(), rows)
            if then.value > point.value - 1e-13:
                return new / new.sum(), then
    new = w * point.slope
    return new / new.sum(), _evaluate(ratio, new / new.sum(), rows)


def _quadratic(point: _Point, w: Floats, least: Floats) -> Floats | None:
    """Maximum over weights of the least and more of the local quadratic of mean log(ratio @ w) − sum(w)."""
    damping = PROXIMAL * float(np.trace(point.curve)) / len(w)
    bowl = point.curve + damping * np.eye(len(w))
    try:
        above = _above_zero(bowl, point.slope + point.curve @ w - 1 + damping * w - bowl @ least)
    except (LinAlgError, RuntimeError):
        return None
    value = least + above
    return value if value.sum() > 0 else None


def _above_zero(bowl: Floats, pull: Floats) -> Floats:
    """Minimiser of x · bowl · x / 2 − pull · x over x ≥ 0: block pivoting (Portugal et al. 1994).

    Where that goes round in circles, the active set of Lawson and Hanson answers, slow of many classes.
    """
    free = np.ones(len(pull), dtype=np.bool_)
    for _ in range(PIVOTS):
        x = np.zeros(len(pull))
        x[free] = cho_solve(cho_factor(bowl[np.ix_(free, free)]), pull[free])
        wrong = np.where(free, x < 0, pull - bowl @ x > FLAT)
        if not wrong.any():
            return x
        free ^= wrong
    factor = cholesky(bowl)
    return np.asarray(nnls(factor, solve_triangular(factor, pull, trans=1))[0], dtype=np.float64)


def _evaluate(ratio: NDArray[np.floating], w: Floats, rows: Floats | None) -> _Point:
    K, total = ratio.shape[1], float(len(ratio)) if rows is None else float(rows.sum())
    value, slope, curve = 0.0, np.zeros(K), np.zeros((K, K))
    for part in blocks(*ratio.shape):
        block = ratio[part].astype(np.float64)
        density = np.maximum(block @ w, UNLIKELY * ratio[part].max(axis=1) + TINY)
        weight: Floats = np.ones(len(block)) if rows is None else rows[part]
        value += float(weight @ np.log(density))
        slope += (weight / density) @ block
        scaled = ratio[part] * (np.sqrt(weight) / density).astype(ratio.dtype)[:, None]
        curve += scaled.T @ scaled
    return _Point(value / total, slope / total, curve / total)
