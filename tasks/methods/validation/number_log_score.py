"""How well a model foretells numbers of which some are far off: their log density, right or an outlier."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.statistics.halves import halves

ROUNDS = 100  # of the fit
WIDER = 3.0  # times the right ones' spread that the outliers' is at least
FEW = 0.05  # share of outliers that is begun with
Floats = NDArray[np.float64]


def number_log_scores(given: Floats, predicted: Floats, seed: int = 0) -> Floats:
    """Log density (n,) of given numbers (n,) by a model's predictions (n,) of rows that it hasn't seen.

    Of two parts: a Gaussian around the prediction, and a wider one of outliers. Their widths and shares are
    fitted on one half of the rows, and the other half scored by that (Gneiting & Raftery 2007, the log score;
    Box & Tiao 1968, the two parts). No scale of the numbers matters for a difference of two models.
    """
    scores, off = np.empty(len(given)), given - predicted
    for fitted, scored in halves(len(given), seed):
        scores[scored] = _log_density(off[scored], *_fitted(off[fitted]))
    return scores


def _fitted(off: Floats) -> tuple[float, float, float]:
    """Spread of the right ones, spread and share of the outliers among residuals (n,), by EM."""
    tiny = float(np.finfo(float).tiny)
    spread = max(1.4826 * float(np.median(np.abs(off))), 1e-9 * float(np.abs(off).max(initial=0)), tiny)
    wide, share = max(float(np.sqrt(np.mean(off**2))), WIDER * spread) * 2, FEW
    for _ in range(ROUNDS):
        odd = share * _density(off, wide) / np.exp(_log_density(off, spread, wide, share))
        before = spread
        spread = max(float(np.sqrt((1 - odd) @ off**2 / max((1 - odd).sum(), 1e-9))), tiny)
        wide = max(float(np.sqrt(odd @ off**2 / max(odd.sum(), 1e-9))), WIDER * spread)
        share = float(np.clip(odd.mean(), 1 / (len(off) + 2), 0.5))
        if abs(spread - before) <= 1e-6 * spread:
            break
    return spread, wide, share


def _log_density(off: Floats, spread: float, wide: float, share: float) -> Floats:
    right = np.log1p(-share) + _log_normal(off, spread)
    return np.asarray(np.logaddexp(right, np.log(share) + _log_normal(off, wide)), np.float64)


def _density(off: Floats, spread: float) -> Floats:
    return np.asarray(np.exp(_log_normal(off, spread)), np.float64)


def _log_normal(off: Floats, spread: float) -> Floats:
    return np.asarray(-0.5 * np.square(off / spread) - np.log(spread) - 0.5 * np.log(2 * np.pi), np.float64)
