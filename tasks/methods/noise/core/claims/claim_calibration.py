"""How far claims about new labels hold: learnt from labels flipped on purpose and from the surest rows.

A judge whose probabilities are wrong where rows are hard claims errors there that aren't. How many errors
there are is told by the contradicted labels of sure rows and of hard ones, the flips say how these would be
claimed, and what is claimed beyond that isn't believed. Errors that lean to hard rows are taken for the
judge's own: fewer labels change than could. What few rows leave open is averaged over. A judge that knows no
more of the labels than how common the classes are bears out nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.noise.core.claims.claim_curve import KNOTS, curve_of
from labelworks.tasks.methods.noise.core.claims.contradictions import PossibleErrors, possible_errors
from labelworks.tasks.methods.noise.core.claims.flips import drawn
from labelworks.tasks.methods.noise.core.reservoir import STREAM
from labelworks.tasks.methods.noise.core.result import NoiseResult

SURE = 0.5  # of the rows, by whose contradicted labels it is told which class errors go to
BEFORE = 4.0  # errors of each class, by the transition, that these are added to
FEWEST = 100  # rows whose neighbours voted, for these to say anything
PLANTED = 20_000  # flips at least, of few rows several times
KNOWN = 4.0  # standard errors by which probabilities foretell labels better than the classes' shares do
HEARD = 0.25  # of such probabilities beside these shares, so that being too sure is no matter
Score = Callable[[NDArray[np.int32]], NoiseResult]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ClaimCalibration:
    """The share that is right (G,) of claims (G,), both rising.

    borne_out: how many errors there are, to be expected, of each that the transition speaks of; doubt: by how
    much in log-odds fewer of the claims may be right.
    """

    claims: Floats
    right: Floats
    borne_out: float
    doubt: float = 0.0

    def __call__(self, claim: NDArray[np.floating]) -> NDArray[np.float32]:
        """The claims (N,), lowered to what holds."""
        return np.asarray(np.minimum(claim, np.interp(claim, self.claims, self.right)), np.float32)


@dataclass(frozen=True, eq=False)
class ClaimRows:
    """Rows to learn by: given labels (n,), probabilities (n, K), and the classes that neighbours vote for.

    vote (n,): -1 where they weren't asked; None: nobody was. hears: whether their vote is a condition.
    """

    given: NDArray[np.int32]
    probs: NDArray[np.float32]
    vote: NDArray[np.int32] | None = None
    hears: bool = True

    @property
    def place(self) -> Floats:
        """Where rows (n,) stand, in [0, 1): 0 is the one of which the classifier is surest."""
        top = np.partition(self.probs, -2, axis=1)[:, -2:]
        place = np.empty(len(top))
        place[np.argsort(top[:, 0] - top[:, 1], kind="stable")] = np.arange(len(top)) / len(top)
        return place

    def agrees(self, classes: NDArray[np.integer], rows: NDArray[np.intp] | slice) -> NDArray[np.bool_]:
        """Whether neighbours of some rows (m,) vote for classes (m,); all of them where nobody is heard."""
        if self.vote is None or not self.hears:
            return np.ones(len(classes), bool)
        return np.asarray(self.vote[rows] == classes)

    @property
    def disputed(self) -> Floats | None:
        """1 where neighbours vote for another class than the likeliest (n,), NaN where they weren't asked.

        None: too few were.
        """
        if self.vote is None or np.count_nonzero(self.vote >= 0) < FEWEST:
            return None
        return np.where(self.vote >= 0, self.vote != self.probs.argmax(axis=1), np.nan)


def foretells(given: NDArray[np.int32], probs: NDArray[np.float32]) -> bool:
    """Whether probs (N, K) know more of the labels (N,) than how common each class is (Brier 1950).

    Of labels that nothing is known of, none can be claimed to be wrong.
    """
    share = np.bincount(given, minlength=probs.shape[1]) / len(given)
    held, rows = HEARD * probs + (1 - HEARD) * share, np.arange(len(given))
    gain = (share @ share - 2 * share[given]) - (np.square(held).sum(axis=1) - 2 * held[rows, given])
    return bool(gain.mean() > KNOWN * gain.std() / np.sqrt(len(gain)))


def calibrated(score: Score, found: NoiseResult, rows: ClaimRows, seed: int) -> ClaimCalibration:
    """Learn from rows and what was found of them; score: what judges labels (n,) of them, each by itself."""
    if not foretells(rows.given, rows.probs):
        return ClaimCalibration(np.array([0.0, 1.0]), np.array([0.0, 0.0]), 0.0)
    _, claims = _claimed(found, rows.given, rows)
    if not len(claims):
        return ClaimCalibration(np.array([0.0, 1.0]), np.array([0.0, 1.0]), 1.0)
    flips, weights, errors = _planted(score, rows, found, np.random.default_rng([seed, STREAM]))
    curve, doubt = curve_of(claims, flips, weights, errors)
    return ClaimCalibration(KNOTS, curve, errors.mean, doubt)


def _planted(
    score: Score, rows: ClaimRows, found: NoiseResult, rng: np.random.Generator
) -> tuple[Floats, Floats, PossibleErrors]:
    """Claims (M,) that rightly name a flip's true class, how many errors each stands for (M,), and how many
    there may be."""
    top, place = rows.probs.argmax(axis=1), rows.place
    wrong = _directed(found.transition, rows, top, place)
    expected, claims, weights = np.zeros(len(top)), [], []
    times = int(np.clip(PLANTED // len(top), 1, 8))
    for _ in range(times):
        true = drawn(found.shares, rng)
        labels, weight = drawn(wrong[true] + 1e-12, rng), wrong.sum(axis=1)[true] / times
        judged = score(labels)
        some, claim = _claimed(judged, labels, rows)
        right = judged.suggestion[some] == true[some]
        claims.append(claim[right])
        weights.append(weight[some][right])
        expected += weight * (labels != top)
    heard = rows.agrees(top, slice(None))
    errors = possible_errors(top != rows.given, expected, place, heard, rows.disputed)
    return np.concatenate(claims), np.concatenate(weights), errors


def _directed(transition: Floats, rows: ClaimRows, top: NDArray[np.intp], place: Floats) -> Floats:
    """P(given | true) of wrong labels (K, K), as often as the transition says, to where sure rows' labels go.

    With few rows the transition hardly knows which classes are taken for each other, and flips to any class
    are easier to find than errors are.
    """
    wrong = transition.copy()
    np.fill_diagonal(wrong, 0)
    often = wrong.sum(axis=1, keepdims=True)
    seen = (top != rows.given) & (place < SURE) & rows.agrees(top, slice(None))
    towards = BEFORE * wrong / np.maximum(often, 1e-12)
    np.add.at(towards, (top[seen], rows.given[seen]), 1.0)
    return np.asarray(often * towards / np.maximum(towards.sum(axis=1, keepdims=True), 1e-12))


def _claimed(
    found: NoiseResult, given: NDArray[np.int32], rows: ClaimRows
) -> tuple[NDArray[np.intp], Floats]:
    """Rows that are suspected and have a likelier class for which neighbours vote too, and their claims."""
    claim = found.shares[np.arange(len(given)), found.suggestion].astype(np.float64)
    some = np.flatnonzero(found.flag & (found.suggestion != given) & (claim > 1 - found.error_probability))
    some = some[rows.agrees(found.suggestion[some], some)]
    return some, claim[some]
