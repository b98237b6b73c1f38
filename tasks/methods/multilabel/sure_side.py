"""How often labels contradict a sure score: by noise, which doesn't wane with sureness, or by its own errors.

Where labels are lost, or invented, at random within a class, they are so at any sureness of the score: the
odds of a contradiction level off at the noise. A score's own errors wane as it gets surer. Telling the one
from the other assumes that they wane at least half as fast as a calibrated score's log odds say, that no
model's sure calls are right oftener than LEAST says, and that labels of sure rows go wrong no oftener than
others do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import norm

BINS = 48
FEWEST = 20  # contradictions of a sure score, of which nothing is learnt
LEVEL, FALL = 3.0, 1.5  # spreads of the level and of the log fall around those of a calibrated score
BEND = 0.1  # spread of how far the log odds of a score's own errors bend, over its mean sureness squared
LEAST = 0.002  # of sure calls are wrong whatever they say: rows whose features don't show the label at all
SLOWEST = 0.5  # of a calibrated score's errors, how fast its own ones wane at least
BOUND = float(norm.ppf(0.975))  # claims are lower ends of intervals of 95 %: of their sampling error
PROVEN = float(norm.ppf(0.999)) ** 2 / 2  # of log likelihood, that noise has to explain
SPREADS = np.array([LEVEL, FALL, BEND])
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SureSide:
    """Odds of a contradiction at sureness x: noise + exp(level - fall x - bend x²), x in units of `scale`.

    params (4,): the logs of noise and fall at 0 and 2, level and bend at 1 and 3; covariance (4, 4). least:
    odds of contradictions that are the score's own at any sureness.
    """

    params: Floats
    covariance: Floats
    scale: float
    least: float

    @property
    def noise(self) -> float:
        """Odds of a wrong label among sure calls."""
        return float(np.exp(self.params[0]))

    def claim(self, sureness: NDArray[np.floating]) -> NDArray[np.float32]:
        """P(a label that contradicts is wrong) (M,), the lower end of its interval; 0 below a half."""
        x = np.asarray(sureness, np.float64) / self.scale
        own, slope = _own(self.params, x)
        lead = self.params[0] - np.log(own)
        slopes = np.column_stack([np.ones_like(x), -slope])
        spread = np.sqrt(np.einsum("ni,ij,nj->n", slopes, self.covariance, slopes))
        kept = max(1 - self.least / self.noise, 0.0)
        claimed = expit(lead - BOUND * spread) * kept
        return np.where(claimed > 0.5, claimed, 0.0).astype(np.float32)

    def contradictions(self, sureness: NDArray[np.floating]) -> Floats:
        """P(the label contradicts) (M,)."""
        x = np.asarray(sureness, np.float64) / self.scale
        odds = self.noise + _own(self.params, x)[0]
        return np.asarray(odds / (1 + odds))


def fit_sure_side(
    sureness: NDArray[np.floating], contradicts: NDArray[np.bool_], least: float
) -> SureSide | None:
    """Fit to cells (M,) that a score is sure of; None where noise explains nothing that its errors don't.

    least: odds of contradictions that no score is without. Maximum likelihood; Scott 2015 for where the noise
    shows, at the end of the scores.
    """
    if np.count_nonzero(contradicts) < FEWEST or np.count_nonzero(~contradicts) < FEWEST:
        return None
    scale = float(np.mean(sureness, dtype=np.float64))
    x, rows, wrong = _binned(np.asarray(sureness, np.float64) / max(scale, 1e-12), contradicts)

    def loss(params: Floats) -> float:
        odds = np.exp(params[0]) + _own(params, x)[0]
        log_likelihood = wrong * np.log(odds) - rows * np.log1p(odds)
        return float(-log_likelihood.sum() + 0.5 * np.sum(np.square((params - usual)[1:] / SPREADS)))

    surest = np.cumsum(rows[::-1])[::-1] <= 0.2 * rows.sum()
    start = max(wrong[surest].sum(), 0.5) / max((rows - wrong)[surest].sum(), 1.0)
    slowest = float(np.log(SLOWEST * max(scale, 1e-12)))
    usual = np.array([0.0, 0.0, slowest - np.log(SLOWEST), 0.0])
    bounds = [(-16.0, 1.0), (-8.0, 2.0), (slowest, slowest + 3.0), (-1.0, 1.0)]
    starts = [usual + np.array([np.log(start * share), 0.0, 0.0, 0.0]) for share in (1.0, 0.2)]
    best = min((minimize(loss, start, bounds=bounds) for start in starts), key=lambda found: float(found.fun))
    nothing = minimize(lambda rest: loss(np.append(-16.0, rest)), best.x[1:], bounds=bounds[1:])
    noise = float(np.exp(best.x[0]))
    if nothing.fun - best.fun < PROVEN or noise <= least:
        return None
    return SureSide(np.asarray(best.x, np.float64), _covariance(best.x, x, rows), scale, least)


def _own(params: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Odds of the score's own errors at sureness x (M,), and the slopes (M, 3) of their log."""
    fall = np.exp(params[2])
    own = np.exp(np.clip(params[1] - fall * x - params[3] * x * x, -40, 20))
    return own, np.column_stack([np.ones_like(x), -fall * x, -x * x])


def _binned(x: Floats, wrong: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """Mean, count and contradictions of bins of even width that hold anything."""
    place = np.minimum((x / max(float(x.max()), 1e-12) * BINS).astype(np.int64), BINS - 1)
    rows, contrary = np.bincount(place, minlength=BINS), np.bincount(place, wrong, BINS)
    some = rows > 0
    means = np.bincount(place, x, BINS)[some] / rows[some]
    return means, rows[some].astype(np.float64), contrary[some].astype(np.float64)


def _covariance(params: Floats, x: Floats, rows: Floats) -> Floats:
    """Inverse of the Fisher information of the parameters."""
    noise = float(np.exp(params[0]))
    own, slope = _own(params, x)
    odds = noise + own
    slopes = np.column_stack([noise / odds, slope * (own / odds)[:, None]])
    weight = rows * odds / np.square(1 + odds)
    information = (slopes * weight[:, None]).T @ slopes + np.diag([1e-9, *SPREADS**-2])
    return np.asarray(np.linalg.inv(information), np.float64)
