"""What may be claimed of labels that look missing or extra: as far as rows that a score is sure of show it.

A label that is lost or invented on purpose leaves the score of its own cell as it is, so given cells show how
planted errors would score: a claim is the share of planted ones among all that contradict the score alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import logit
from scipy.stats import poisson

from labelworks.tasks.methods.multilabel.sure_side import LEAST, SureSide, fit_sure_side

SURE = 1e-7  # no probability is nearer to 0 or 1
LARGEST, BINS = float(-logit(SURE)), 400  # log odds, and bins of them
GROUP, GROUPS = 5000, 4  # given labels of the classes of a group, at least; groups, at most
CHANCE = 0.001  # that as many labels of any class contradict as do, or it is another kind of class
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CellClaims:
    """What sure rows bear out of wrong labels, by group of classes of alike density.

    group (K,): of each class; missing, extra: by group, None where nothing is borne out; silent (2, K):
    classes whose labels contradict sure scores more often than those of their group, missing and extra ones.
    curves (G, 2): slope and intercept that calibrate the log odds of a group.
    """

    group: NDArray[np.int64]
    missing: tuple[SureSide | None, ...]
    extra: tuple[SureSide | None, ...]
    silent: NDArray[np.bool_]
    curves: Floats

    @classmethod
    def fit(cls, given: sparse.csr_array, probs: NDArray[np.floating]) -> CellClaims:
        """Learn from given labels (n, K) and out-of-sample P(label is given) (n, K)."""
        count = np.asarray(given.sum(axis=0), np.float64).ravel()
        group, columns = _groups(count), sparse.csc_array(given)
        silent = np.zeros((2, len(count)), bool)
        sides: tuple[list[SureSide | None], ...] = ([], [])
        curves = []
        for number in range(int(group.max(initial=-1)) + 1):
            classes = np.flatnonzero(group == number)
            there, odds = columns[:, classes].toarray() > 0, _odds(probs[:, classes])
            curves.append(_curve(odds, there))
            odds = curves[-1][0] * odds + curves[-1][1]
            for side, fits, contrary in ((0, sides[0], ~there), (1, sides[1], there)):
                sure = (odds > 0) if side == 0 else (odds < 0)
                few = LEAST if side == 0 else LEAST * count[classes].sum() / max(np.count_nonzero(sure), 1)
                fitted = fit_sure_side(np.abs(odds[sure]), contrary[sure], few)
                fits.append(fitted)
                if fitted is not None:
                    silent[side, classes] = _odd(fitted, odds, sure, contrary)
        return cls(group, tuple(sides[0]), tuple(sides[1]), silent, np.array(curves).reshape(-1, 2))

    def of(self, there: NDArray[np.bool_], probs: NDArray[np.floating], *, missing: bool) -> sparse.csr_array:
        """What is claimed of labels given or not (N, K), by P(label is given) (N, K): sparse, over a half.

        missing: of labels that aren't given; else of those that are.
        """
        sides, silent = (self.missing, self.silent[0]) if missing else (self.extra, self.silent[1])
        row, column = np.nonzero(~there if missing else there)
        slope, intercept = self.curves[self.group[column]].T
        odds = (slope * _odds(probs[row, column]) + intercept) * (1 if missing else -1)
        claim = np.zeros(len(column), np.float32)
        for place, side in enumerate(sides):
            here = (self.group[column] == place) & (odds > 0) & ~silent[column]
            if side is not None and here.any():
                claim[here] = side.claim(odds[here])
        some = claim > 0
        return sparse.csr_array((claim[some], (row[some], column[some])), shape=there.shape)

    @property
    def unproven(self) -> NDArray[np.int64]:
        """Classes (U,) of which neither a missing nor an extra label is claimed."""
        proven = [
            np.array([side is not None for side in sides], bool)[self.group] & ~silent
            for sides, silent in zip((self.missing, self.extra), self.silent, strict=True)
        ]
        return np.flatnonzero(~(proven[0] | proven[1]))


def _groups(count: Floats) -> NDArray[np.int64]:
    """The group (K,) of each class: of alike count, with labels enough in each."""
    order = np.argsort(count, kind="stable")
    whole = float(count.sum())
    size = max(whole / GROUPS, float(GROUP), 1.0)
    groups = max(int(whole // size), 1)
    group_of = np.empty(len(count), np.int64)
    before = np.cumsum(count[order]) - count[order] / 2
    group_of[order] = np.minimum((before / max(whole, 1.0) * groups).astype(np.int64), groups - 1)
    return np.unique(group_of, return_inverse=True)[1].astype(np.int64)


def _odd(
    side: SureSide, odds: Floats, sure: NDArray[np.bool_], contrary: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Classes (k,) more labels of which contradict, where claims are made, than those of all together do."""
    place = sure.copy()
    place[sure] = side.claim(np.abs(odds[sure])) > 0
    expected = np.zeros(odds.shape)
    expected[place] = side.contradictions(np.abs(odds[place]))
    seen = (place & contrary).sum(axis=0)
    return np.asarray(poisson.sf(seen - 1, expected.sum(axis=0)) < CHANCE / max(odds.shape[1], 1))


def _curve(odds: Floats, there: NDArray[np.bool_]) -> Floats:
    """Slope and intercept of the logistic curve of labels (n, k) in log odds (n, k), of their bins."""
    from sklearn.linear_model import LogisticRegression

    edges = np.linspace(-LARGEST, LARGEST, BINS + 1)
    place = np.clip(np.searchsorted(edges, odds.ravel()) - 1, 0, BINS - 1)
    rows, given = np.bincount(place, minlength=BINS), np.bincount(place, there.ravel(), BINS)
    if not 0 < given.sum() < rows.sum():
        return np.array([1.0, 0.0])
    means = np.bincount(place, odds.ravel(), BINS) / np.maximum(rows, 1)
    outcome = np.repeat([1, 0], BINS)
    model = LogisticRegression(C=1e4, max_iter=500)
    model.fit(np.tile(means, 2)[:, None], outcome, np.concatenate([given, rows - given]))
    return np.array([max(float(model.coef_[0, 0]), 0.0), float(model.intercept_[0])])


def _odds(probs: NDArray[np.floating]) -> Floats:
    return np.asarray(logit(np.clip(np.asarray(probs, np.float64), SURE, 1 - SURE)), np.float64)
