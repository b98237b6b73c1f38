"""What a few rows that a person looked at say of all: error probabilities, rate and flags calibrated."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import isotonic_regression
from scipy.special import logit

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.audit.share import estimate_share
from labelworks.tasks.methods.noise.core.claims.flips import offset_to
from labelworks.tasks.methods.noise.core.claims.targets import NOTHING, ends, max_f1, within_budget
from labelworks.tasks.methods.noise.core.result import NoiseResult, best_class, with_error

GROUP = 20  # rows looked at that speak for the rows of like scores
BEFORE = 2.0  # rows that what was thought of them before counts for
SURE = 1e-6  # error probabilities nearer to 0 and 1 say no more
SAFE = 1.645  # standard errors by which a promised share of false discoveries is kept
LEAST = 0.01  # no share is thought nearer to 0 or 1 than this before rows were looked at
Floats = NDArray[np.float64]


def audited_result(
    found: NoiseResult,
    given: NDArray[np.integer],
    rows: ArrayLike,
    right: ArrayLike,
    target: tuple[str, float] = ("max_f1", 0.0),
) -> NoiseResult:
    """The result, taught by rows (n,) that were looked at and by right (n,) bool: whether their label is.

    given (N,): the labels. Rows of like error probability as GROUP of those looked at are wrong as often as
    these, which holds for rows chosen in any way that goes by the probability alone, such as some at random
    and some of the likeliest. Raises InputError for rows that aren't there or come twice.
    """
    places, correct = _checked(rows, right, len(given))
    groups = _groups(found.error_probability.astype(np.float64), places, correct)
    error = _calibrated(found.error_probability.astype(np.float64), groups)
    error[places] = ~correct
    flag = (error >= _cut(error, groups, places, target)) & (error > 0)
    low, high = estimate_share(found.error_probability, places, ~correct).interval
    rate = float(np.clip(error.mean(), low, high))
    asked = np.zeros(len(error), bool)
    asked[places] = True
    posterior = None if found.posterior is None else with_error(found.posterior, given, error)
    return replace(
        found,
        score=np.where(asked, 1 - error, found.score).astype(np.float32),
        error_probability=error.astype(np.float32),
        flag=flag,
        suggestion=_suggested(found, given.astype(np.int32), flag),
        posterior=posterior,
        noise_rate=rate,
        noise_rate_interval=(low, high),
        reason=f"by {len(places):,} rows that were looked at",
    )


def _checked(rows: ArrayLike, right: ArrayLike, count: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    places, correct = np.asarray(rows), np.asarray(right)
    if places.ndim != 1 or places.shape != correct.shape or not places.size:
        raise InputError(
            f"audited rows {places.shape} and answers {correct.shape} don't fit each other",
            where="audited",
            fix="give (row numbers, whether the label of each is right)",
        )
    if places.dtype.kind not in "iu" or not ((places >= 0) & (places < count)).all():
        raise InputError(f"audited rows are no row numbers in [0, {count})", where="audited")
    if len(np.unique(places)) < len(places):
        raise InputError("a row was audited twice", where="audited", fix="give one answer a row")
    return places.astype(np.intp), correct.astype(bool)


@dataclass(frozen=True)
class _Groups:
    """Rows of like error probability: the group of each row (N,), and of each group (G,) how many rows it has
    and a Beta distribution of its share of wrong labels."""

    of: NDArray[np.intp]
    rows: Floats
    wrong: Floats
    right: Floats

    @property
    def mean(self) -> Floats:
        """Shares of wrong labels (G,), rising with the error probability."""
        seen = self.wrong + self.right
        rising = isotonic_regression(self.wrong / seen, weights=seen)
        return np.asarray(rising.x, np.float64)

    @property
    def variance(self) -> Floats:
        """Of those shares (G,)."""
        seen, mean = self.wrong + self.right, self.mean
        return np.asarray(mean * (1 - mean) / (seen + 1))


def _groups(error: Floats, places: NDArray[np.intp], correct: NDArray[np.bool_]) -> _Groups:
    """Group the rows by those looked at, in the order of their error probabilities (N,)."""
    order = places[np.argsort(error[places], kind="stable")]
    count = max(len(order) // GROUP, 1)
    firsts = [int(part[0]) for part in np.array_split(order, count)[1:]]
    of = np.searchsorted(error[firsts], error, side="right")
    before = np.bincount(of, error, count) / np.maximum(np.bincount(of, minlength=count), 1)
    before = np.clip(before, LEAST, 1 - LEAST)
    wrong = np.bincount(of[places], ~correct, count) + BEFORE * before
    right = np.bincount(of[places], correct, count) + BEFORE * (1 - before)
    return _Groups(of, np.bincount(of, minlength=count).astype(np.float64), wrong, right)


def _calibrated(error: Floats, groups: _Groups) -> Floats:
    """Error probabilities (N,) with the mean of their group, in the order that they had."""
    odds = logit(np.clip(error, SURE, 1 - SURE))
    calibrated = np.empty_like(error)
    for group, mean in enumerate(groups.mean):
        rows = np.flatnonzero(groups.of == group)
        if not len(rows):
            continue
        calibrated[rows] = 1 / (1 + np.exp(-(odds[rows] + offset_to(float(mean), odds[rows]))))
    return calibrated


def _cut(error: Floats, groups: _Groups, places: NDArray[np.intp], target: tuple[str, float]) -> float:
    """The error probability from which rows are flagged, by the target."""
    name, value = target
    if name == "max_f1":
        return max_f1(error)
    if name == "budget":
        return within_budget(error, value / len(error))
    falling = np.argsort(-error, kind="stable")
    falling = falling[~np.isin(falling, places)]
    count = np.arange(1, len(falling) + 1)
    false = np.cumsum(1 - error[falling]) / count
    spread = np.zeros(len(falling))
    for group, variance in enumerate(groups.variance):
        spread += variance * (np.cumsum(groups.of[falling] == group) / count) ** 2
    kept = np.flatnonzero((false + SAFE * np.sqrt(spread) <= value) & ends(error[falling]))
    return float(error[falling[kept[-1]]]) if len(kept) else NOTHING


def _suggested(found: NoiseResult, given: NDArray[np.int32], flag: NDArray[np.bool_]) -> NDArray[np.int32]:
    """The other class where flagged: the likeliest by the posterior, or what was suggested before."""
    if found.posterior is None:
        return np.where(flag, found.suggestion, given).astype(np.int32)
    return best_class(found.posterior, given, flag)
