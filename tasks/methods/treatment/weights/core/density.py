"""How much denser the target is than the source where a row lies: odds of a classifier of the two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PENALTIES = tuple(10.0**power for power in range(-4, 3))  # of the weights, per row; inverse of sklearn's C
FOLDS = 4
LEAST_ROWS = 50  # of each window, to fit anything on


@dataclass(frozen=True, eq=False)
class DensityRatio:
    """Log odds of the target, as a plane through standardised features (D,); the share of its rows."""

    centre: NDArray[np.float64]
    spread: NDArray[np.float64]
    slope: NDArray[np.float64]
    intercept: float
    target_share: float

    def of(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """The target's density over the source's at rows (n, D)."""
        odds = self.target_share / (1 - self.target_share)
        return np.asarray(np.exp(self._log_odds(features)) / odds)

    def source_share(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """P(a row is of the source) among the rows of both windows, at rows (n, D)."""
        return np.asarray(1 / (1 + np.exp(self._log_odds(features))))

    def _log_odds(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        log_odds = ((features - self.centre) / self.spread) @ self.slope + self.intercept
        return np.asarray(np.clip(log_odds, -30, 30), dtype=np.float64)


def density_ratio(
    source: NDArray[np.floating], target: NDArray[np.floating], seed: int = 0
) -> DensityRatio | None:
    """Fit source (N, D) against target (M, D) by logistic regression; None where it tells nothing held out.

    The penalty is that of the lowest held-out log loss (Bickel, Brückner & Scheffer 2009).
    """
    if min(len(source), len(target)) < LEAST_ROWS:
        return None
    rows = np.concatenate([source, target]).astype(np.float64)
    of_target = np.repeat([0, 1], [len(source), len(target)])
    centre, spread = rows.mean(axis=0), rows.std(axis=0)
    spread[spread == 0] = 1.0
    rows = (rows - centre) / spread
    fold = np.random.default_rng(seed).permutation(len(rows)) % FOLDS
    share = float(of_target.mean())
    losses = [_held_out(rows, of_target, fold, penalty) for penalty in PENALTIES]
    best = int(np.argmin(losses))
    by_sizes = -(share * np.log(share) + (1 - share) * np.log(1 - share))
    if losses[best] >= by_sizes:
        return None
    slope, intercept = _fitted(rows, of_target, PENALTIES[best])
    return DensityRatio(centre, spread, slope, intercept, share)


def _held_out(
    rows: NDArray[np.float64], of_target: NDArray[np.int64], fold: NDArray[np.int64], penalty: float
) -> float:
    """Mean log loss of each fold by the others."""
    lost = 0.0
    for part in range(FOLDS):
        held = fold == part
        slope, intercept = _fitted(rows[~held], of_target[~held], penalty)
        signed = (rows[held] @ slope + intercept) * (2 * of_target[held] - 1)
        lost += float(np.logaddexp(0, -signed).sum())
    return lost / len(rows)


def _fitted(
    rows: NDArray[np.float64], of_target: NDArray[np.int64], penalty: float
) -> tuple[NDArray[np.float64], float]:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1 / (penalty * len(rows)), max_iter=200).fit(rows, of_target)
    return model.coef_[0], float(model.intercept_[0])
