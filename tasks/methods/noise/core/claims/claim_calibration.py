"""How far claims about new labels hold: learnt from labels flipped on purpose and from the surest rows.

A judge whose probabilities are wrong where rows are hard claims errors there that aren't. Labels that went
wrong by class alone would look like flips, and be as common among sure rows as among hard ones: so the labels
that sure predictions contradict say how many errors there are, the flips how these would be claimed, and what
is claimed beyond that isn't believed. Errors that lean to hard rows are taken for the judge's own: fewer
labels change than could.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from labelworks.tasks.methods.noise.core.claims.flips import drawn
from labelworks.tasks.methods.noise.core.reservoir import STREAM
from labelworks.tasks.methods.noise.core.result import NoiseResult
from labelworks.tasks.methods.noise.core.second_view import strata_of

SURE = 0.3  # of the rows: those of which the classifier is surest
GROUP, GROUPS = 25, 20  # at least so many claims of the rows in each group, at most so many groups
PLANTED = 20_000  # flips at least, of few rows several times
Score = Callable[[NDArray[np.int32]], NoiseResult]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ClaimCalibration:
    """The share that is right (G,) of claims (G,), both rising.

    borne_out: how many errors sure rows show, of those that there would be by the transition.
    """

    claims: Floats
    right: Floats
    borne_out: float

    def __call__(self, claim: NDArray[np.floating]) -> NDArray[np.float32]:
        """The claims (N,), lowered to what holds."""
        return np.asarray(np.minimum(claim, np.interp(claim, self.claims, self.right)), np.float32)


@dataclass(frozen=True, eq=False)
class ClaimRows:
    """Rows to learn by: given labels (n,), probabilities (n, K), and the classes that neighbours vote for.

    vote (n,): -1 where they weren't asked; None: nobody was.
    """

    given: NDArray[np.int32]
    probs: NDArray[np.float32]
    vote: NDArray[np.int32] | None = None

    @property
    def sure(self) -> NDArray[np.bool_]:
        """The rows (n,) of which the classifier is surest, and the neighbours agree with it if they voted."""
        strata = strata_of(self.probs)
        sure = strata < SURE * (strata.max() + 1)
        return np.asarray(sure if self.vote is None else sure & (self.vote == self.probs.argmax(axis=1)))


def calibrated(score: Score, found: NoiseResult, rows: ClaimRows, seed: int) -> ClaimCalibration:
    """Learn from rows and what was found of them; score: what judges labels (n,) of them, each by itself."""
    claims = np.sort(_claimed(found, rows.given)[1].astype(np.float64))
    if not len(claims):
        return ClaimCalibration(np.array([0.0, 1.0]), np.array([0.0, 1.0]), 1.0)
    flips, weights, borne_out = _planted(score, rows, found, np.random.default_rng([seed, STREAM]))
    parts = np.array_split(claims, int(np.clip(len(claims) // GROUP, 1, GROUPS)))
    place = np.searchsorted([part[0] for part in parts[1:]], flips, side="right")
    expected = np.bincount(place, weights, len(parts))
    count = np.array([len(part) for part in parts], np.float64)
    right = np.clip(isotonic_regression(expected / count, weights=count).x, 0, 1)
    return ClaimCalibration(np.array([part.mean() for part in parts]), right, borne_out)


def _planted(
    score: Score, rows: ClaimRows, found: NoiseResult, rng: np.random.Generator
) -> tuple[Floats, Floats, float]:
    """Claims (M,) that rightly name a flip's true class, how many errors each stands for (M,), borne_out."""
    posterior, top = found.shares, rows.probs.argmax(axis=1)
    wrong = found.transition.copy()
    np.fill_diagonal(wrong, 0)
    shares = wrong + 1e-12 * (1 - np.eye(len(wrong)))
    sure, contradicted, claims, weights = rows.sure, 0.0, [], []
    times = int(np.clip(PLANTED // len(top), 1, 8))
    for _ in range(times):
        true = drawn(posterior, rng)
        labels, weight = drawn(shares[true], rng), wrong.sum(axis=1)[true] / times
        judged = score(labels)
        some, claim = _claimed(judged, labels)
        right = judged.suggestion[some] == true[some]
        claims.append(claim[right])
        weights.append(weight[some][right])
        contradicted += float(weight[sure & (labels != top)].sum())
    errors = np.count_nonzero(sure & (top != rows.given)) / max(contradicted, 1e-9)
    return np.concatenate(claims).astype(np.float64), np.concatenate(weights) * errors, float(errors)


def _claimed(found: NoiseResult, given: NDArray[np.int32]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Rows that are suspected and have a likelier class, and their claims."""
    claim = found.shares[np.arange(len(given)), found.suggestion]
    some = np.flatnonzero(found.flag & (found.suggestion != given) & (claim > 1 - found.error_probability))
    return some, claim[some]
