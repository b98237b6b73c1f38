"""Coefficients of a regression on labels that a model gave, put right by a few rows that people looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from scipy.stats import norm

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.arrays import numbers, refuse_infinite
from labelworks.tasks.methods.audit.audited import Audited

STEPS, CLOSE = 200, 1e-11
LONGEST = 5.0  # of a step, in log-odds of a row
LARGEST = 30.0  # log-odds: beyond them the classes are parted, and no coefficients are finite
Floats = NDArray[np.float64]
Curve = Callable[[Floats], Floats]
Family = Literal["linear", "logistic"]


LINKS: dict[str, tuple[Curve, Curve]] = {
    "linear": (lambda at: at, np.ones_like),
    "logistic": (expit, lambda at: expit(at) * expit(-at)),
}


@dataclass(frozen=True)
class Coefficients:
    """Coefficients (D,), their standard errors (D,), intervals (D, 2), and how far the proxy was used.

    power: 0, not at all: the rows looked at alone; 1: as if each were right.
    """

    values: Floats
    errors: Floats
    intervals: Floats
    power: float


@dataclass(frozen=True, eq=False)
class _Parts:
    """All rows (N, D) with proxies (N,); those looked at (n, D) with proxies, truths and weights (n,)."""

    everywhere: Floats
    proxy: Floats
    looked: Floats
    looked_proxy: Floats
    truth: Floats
    weight: Floats
    link: Curve
    slope: Curve


def estimate_coefficients(
    features: ArrayLike,
    proxy: ArrayLike,
    rows: ArrayLike,
    truth: ArrayLike,
    shown: ArrayLike | None = None,
    *,
    family: Family = "linear",
    power: float | None = None,
    confidence: float = 0.95,
) -> Coefficients:
    """Regress the true outcome of N rows on their features, of which few are known.

    features (N, D), a column of ones for an intercept; proxy (N,): the outcome that a model states; rows
    (n,), truth (n,), shown (n,): as in `estimate_share`; family: least squares, or the logistic model of
    outcomes 0 and 1. power: how far the proxy is used, by default as makes the variances' sum least.

    Angelopoulos, Duchi & Zrnic (2023, PPI++) with all rows in the place of the unlabelled ones, rows
    looked at weighed by 1 / shown (Egami et al. 2023, DSL). Normal intervals: of few rows, under about 100,
    or of rare outcomes they are too narrow. Raises InputError where rows don't fit or coefficients can't be
    told.
    """
    parts = _parts(features, proxy, rows, truth, shown, family)
    tuned, values = (1.0 if power is None else power), np.zeros(parts.everywhere.shape[1])
    for _ in range(3 if power is None else 1):
        values = _solved(parts, tuned, values)
        scores, guessed, everywhere, inverse = _scores(parts, values, tuned)
        used, tuned = tuned, _power(scores, guessed, everywhere, inverse) if power is None else tuned
    looks, count = len(parts.truth), len(parts.proxy)
    noise = _covariance(used * everywhere) * looks / count + _covariance(scores - used * guessed)
    errors = np.sqrt(np.diag(inverse @ noise @ inverse) / looks)
    half = float(norm.ppf((1 + confidence) / 2)) * errors
    return Coefficients(values, errors, np.stack([values - half, values + half], axis=1), float(used))


def _parts(
    features: ArrayLike,
    proxy: ArrayLike,
    rows: ArrayLike,
    truth: ArrayLike,
    shown: ArrayLike | None,
    family: str,
) -> _Parts:
    if family not in LINKS:
        raise ConfigError(f"family is {family!r}", where="family", fix="say linear or logistic")
    seen = numbers(features, "features").astype(np.float64)
    if seen.ndim != 2:
        raise InputError(f"features has the shape {seen.shape}", where="features", fix="give one of (N, D)")
    refuse_infinite(seen, "features")
    stated = numbers(proxy, "proxy").astype(np.float64)
    if stated.shape != seen.shape[:1]:
        raise InputError(f"proxy has the shape {stated.shape}", where="proxy", fix=f"give ({len(seen)},)")
    refuse_infinite(stated[:, None], "proxy")
    audited = Audited.checked(rows, truth, shown, len(seen))
    outcomes = audited.binary if family == "logistic" else audited.said
    if np.linalg.matrix_rank(seen[audited.rows]) < seen.shape[1]:
        raise InputError(
            f"{len(outcomes)} rows looked at don't tell {seen.shape[1]} coefficients apart",
            where="features",
            fix="leave out columns that others make up, or look at more rows",
        )
    some = audited.rows
    return _Parts(seen, stated, seen[some], stated[some], outcomes, audited.weight, *LINKS[family])


def _solved(parts: _Parts, power: float, start: Floats) -> Floats:
    """The coefficients (D,) by so much of the proxy: least squares at once, else by Newton's steps."""
    return (
        _newton(parts, power, start) if parts.link is LINKS["logistic"][0] else _least_squares(parts, power)
    )


def _least_squares(parts: _Parts, power: float) -> Floats:
    """Of the proxy in all rows, and of what the truth leaves of it in those looked at."""
    root = np.sqrt(parts.weight)
    left = np.linalg.lstsq(
        parts.looked * root[:, None], (parts.truth - power * parts.looked_proxy) * root, rcond=None
    )[0]
    return np.asarray(left + power * np.linalg.lstsq(parts.everywhere, parts.proxy, rcond=None)[0])


def _newton(parts: _Parts, power: float, start: Floats) -> Floats:
    """Where the gradient of the loss, put right by the rows looked at, is 0; no step is too long."""
    solution = start
    for _ in range(STEPS):
        gradient, bend = _slopes(parts, power, solution)
        step = np.linalg.lstsq(bend, gradient, rcond=None)[0]
        step /= max(float(np.abs(parts.everywhere @ step).max()) / LONGEST, 1.0)
        solution = solution - step
        if np.abs(step).max() <= CLOSE * max(1.0, float(np.abs(solution).max())):
            return np.asarray(solution, np.float64)
        if np.abs(parts.looked @ solution).max() > LARGEST:
            break
    raise InputError(
        "the columns part the outcomes: no coefficients are finite",
        where="features",
        fix="look at more rows, or leave out the column that tells the outcome",
    )


def _slopes(parts: _Parts, power: float, found: Floats) -> tuple[Floats, Floats]:
    """Gradient (D,) and bend (D, D) of the loss of the rows looked at, and of what all rows add to it."""
    at, beside = parts.everywhere @ found, parts.looked @ found
    looks, count = len(beside), len(at)
    missed = parts.weight * ((1 - power) * parts.link(beside) - parts.truth + power * parts.looked_proxy)
    gradient = parts.looked.T @ missed / looks
    gradient += power * parts.everywhere.T @ (parts.link(at) - parts.proxy) / count
    bend = (parts.looked.T * ((1 - power) * parts.weight * parts.slope(beside))) @ parts.looked / looks
    bend += power * (parts.everywhere.T * parts.slope(at)) @ parts.everywhere / count
    return gradient, bend


def _scores(parts: _Parts, found: Floats, power: float) -> tuple[Floats, Floats, Floats, Floats]:
    """Gradients of rows looked at by truth and by proxy (n, D), of all (N, D), the inverse bend (D, D)."""
    at, beside = parts.everywhere @ found, parts.looked @ found
    looked = parts.looked * parts.weight[:, None]
    scores = looked * (parts.link(beside) - parts.truth)[:, None]
    guessed = looked * (parts.link(beside) - parts.looked_proxy)[:, None]
    everywhere = parts.everywhere * (parts.link(at) - parts.proxy)[:, None]
    bend, count = (looked.T * parts.slope(beside)) @ parts.looked, len(beside)
    if power != 0:
        bend += (parts.everywhere.T * parts.slope(at)) @ parts.everywhere
        count += len(at)
    return scores, guessed, everywhere, np.asarray(np.linalg.inv(bend / count), np.float64)


def _power(scores: Floats, guessed: Floats, everywhere: Floats, inverse: Floats) -> float:
    """How far to use the proxy, so that the sum of the coefficients' variances is least."""
    looks, count = len(scores), len(everywhere)
    joint = (scores - scores.mean(axis=0)).T @ (guessed - guessed.mean(axis=0)) / looks
    alone = _covariance(np.concatenate([guessed, everywhere]))
    gain = np.trace(inverse @ joint @ inverse)
    cost = (1 + looks / count) * np.trace(inverse @ alone @ inverse)
    return float(np.clip(gain / cost, 0, 1)) if cost > 0 else 0.0


def _covariance(values: Floats) -> Floats:
    return np.cov(values.T).reshape(values.shape[1], values.shape[1])
