"""How likely a predicted class is right, by what speaks for it: learnt from labels that were hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from labelworks.tasks.methods.arrays import Floats
from labelworks.tasks.methods.statistics.clopper_pearson import high_end, low_end

SPREAD = 1.0  # of the classes' own log odds around the common ones (standard deviation)
RIDGE = 1e-3
TINY = 1e-9
TAIL = 0.025  # on either side of an interval


@dataclass(frozen=True, eq=False)
class Hidden:
    """Labelled rows whose labels were hidden, beside what is said of them without.

    evidence (n, E) for the likeliest class, best (n,); agrees (n,): it is the given label; chance (n, 2):
    that a given label agrees, where the class is wrong and where it is right; weight (n,): what a row counts
    for at the target's class mix; fold (n,).
    """

    evidence: Floats
    best: NDArray[np.intp]
    agrees: NDArray[np.bool_]
    chance: Floats
    weight: Floats
    fold: NDArray[np.integer]

    @classmethod
    def joined(cls, parts: Sequence[Hidden]) -> Hidden:
        """One of many, rows one after the other."""
        return cls(*(np.concatenate([getattr(part, of.name) for part in parts]) for of in fields(cls)))

    def only(self, rows: NDArray[np.bool_]) -> Hidden:
        """The rows of a mask (n,)."""
        return Hidden(*(getattr(self, of.name)[rows] for of in fields(self)))

    @property
    def effective(self) -> float:
        """How many rows of equal weight would tell as much (Kish 1965)."""
        squares = float(np.square(self.weight).sum())
        return float(self.weight.sum()) ** 2 / squares if squares else 0.0

    def agreement(self, claims: Floats) -> Floats:
        """P(the given label agrees) (n,) by claims (n,) that the class is right."""
        wrong, right = self.chance.T
        return np.asarray(np.clip(wrong + (right - wrong) * claims, TINY, 1 - TINY))

    def loss(self, claims: Floats) -> float:
        """Mean log loss of whether given labels agree, by claims (n,), at the target's class mix."""
        agree = self.agreement(claims)
        logs = np.log(np.where(self.agrees, agree, 1 - agree))
        return float(-(self.weight * logs).sum() / self.weight.sum())

    def precision(self) -> tuple[float, tuple[float, float]]:
        """How often the class is right at the target's mix, as given labels tell, and its interval at 95 %.

        Clopper and Pearson's, of as many rows as the weighted ones are worth.
        """
        rows = self.effective
        if not rows:
            return 0.0, (0.0, 1.0)
        wrong, right = self.chance.T
        correct = (self.agrees - wrong) / (right - wrong)
        share = float(np.clip((self.weight * correct).sum() / self.weight.sum(), 0.0, 1.0))
        ends = low_end(share * rows, rows, TAIL), high_end(share * rows, rows, TAIL)
        return share, (float(ends[0]), float(ends[1]))


@dataclass(frozen=True, eq=False)
class PseudoClaims:
    """P(the likeliest class is right): logistic in the evidence, none of which speaks against it.

    middle and scale (E,) of evidence; slope (E,) by these and of_class (K,): log odds; most: no claim exceeds
    what the hidden rows can show.
    """

    middle: Floats
    scale: Floats
    slope: Floats
    of_class: Floats
    most: float

    @classmethod
    def fit(cls, hidden: Hidden, classes: int, like: PseudoClaims | None = None) -> PseudoClaims:
        """By hidden rows. Each class has log odds of its own, pulled to the common ones (partial pooling).

        like: claims of much the same rows, to start from.
        """
        middle, scale = hidden.evidence.mean(axis=0), np.maximum(hidden.evidence.std(axis=0), TINY)
        if like is not None:
            middle, scale = like.middle, like.scale
        weight, design = hidden.weight / hidden.weight.mean(), (hidden.evidence - middle) / scale
        width = len(scale)
        wrong, right = hidden.chance.T

        def loss(point: Floats) -> tuple[float, Floats]:
            slope, own = point[1 : 1 + width], point[1 + width :]
            claim = expit(point[0] + design @ slope + own[hidden.best])
            agree = hidden.agreement(claim)
            value = -(weight * np.log(np.where(hidden.agrees, agree, 1 - agree))).sum()
            value += 0.5 * (RIDGE * (slope @ slope) + own @ own / SPREAD**2)
            steep = (right - wrong) * claim * (1 - claim)
            apart = weight * steep * (agree - hidden.agrees) / (agree * (1 - agree))
            by_class = np.bincount(hidden.best, apart, classes) + own / SPREAD**2
            return float(value), np.concatenate([[apart.sum()], apart @ design + RIDGE * slope, by_class])

        bounds = [(None, None), *[(0.0, None)] * width, *[(None, None)] * classes]
        start = np.zeros(1 + width + classes)
        if like is not None:
            common = like.of_class.mean()
            start = np.concatenate([[common], like.slope, like.of_class - common])
        point = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
        most = (hidden.effective + 1) / (hidden.effective + 2)
        return cls(middle, scale, point[1 : 1 + width], point[0] + point[1 + width :], most)

    def of(self, evidence: Floats, best: NDArray[np.intp]) -> Floats:
        """P(right) (n,) by evidence (n, E) for the likeliest classes (n,)."""
        claims = expit((evidence - self.middle) / self.scale @ self.slope + self.of_class[best])
        return np.asarray(np.minimum(claims, self.most))


def held_out(hidden: Hidden, classes: int, claims: PseudoClaims) -> Floats:
    """Claims (n,) of hidden rows, each learnt from those of the other folds, where claims are of all."""
    apart = np.zeros(len(hidden.best))
    for fold in np.unique(hidden.fold):
        mine = hidden.fold == fold
        others = PseudoClaims.fit(hidden.only(~mine), classes, claims)
        apart[mine] = others.of(hidden.evidence[mine], hidden.best[mine])
    return apart


def agreement_chances(transition: Floats, prior: Floats) -> Floats:
    """P(the given label is a class | it isn't the true one), and where it is: (K, 2)."""
    right = np.diag(transition)
    wrong = (prior @ transition - prior * right) / np.maximum(1 - prior, TINY)
    return np.stack([np.minimum(wrong, right - 1e-3), right], axis=1)


def borne_transition(
    transition: Floats, probs: NDArray[np.floating], given: NDArray[np.integer], share: float = 0.2
) -> Floats:
    """The noise (K, K) as far as the surest rows bear it out: there a label not the likeliest is wrong.

    probs (n, K) out of sample, given labels (n,). An estimate of noise that isn't there would make every
    claim too large. What a surest row has against it is no less than the noise, so the lower end of its
    interval is taken, and never more than was estimated.
    """
    best = probs.argmax(axis=1)
    surest = np.argsort(-probs.max(axis=1), kind="stable")[: max(int(share * len(best)), 1)]
    estimated = float((1 - np.diag(transition))[best[surest]].mean())
    against = float(low_end((best != given)[surest].sum(), len(surest), TAIL))
    borne = min(against / max(estimated, TINY), 1.0)
    return np.asarray(borne * transition + (1 - borne) * np.eye(len(transition)))
