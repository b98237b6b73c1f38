"""Which of two models is right where they differ, told by labels that are noisy themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.integer]
STEPS, CLOSE = 200, 1e-6  # of the maximisation: at most; the change of a count at which it stops
IMPOSSIBLE = 1e-6  # least probability of a given label, whatever the true one: estimates are no certainties
IMAGINED = 1.0  # rows on which a model is right, imagined for each, so that no handful of rows is sure
UNSEEN = 0.1  # of rows on which none is
QUANTILE = 1.96


@dataclass(frozen=True)
class Estimate:
    """A mean over rows and its standard error."""

    value: float
    spread: float

    @property
    def interval(self) -> tuple[float, float]:
        """The interval of 95 %."""
        return self.value - QUANTILE * self.spread, self.value + QUANTILE * self.spread


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Rows (N,) that no model has seen: given labels, the fold of each, what each counts for (mean 1).

    transitions (F, K, K): by fold, as found without its rows; rows = true class, P(given | true). others
    (N, K): what the true class is likely to be where it is none of those that are called.
    """

    given: NDArray[np.int32]
    folds: NDArray[np.integer]
    weights: Floats
    transitions: Floats
    others: NDArray[np.floating]

    def only(self, rows: NDArray[np.intp]) -> HeldOut:
        """Those at some places (n,)."""
        return HeldOut(
            self.given[rows], self.folds[rows], self.weights[rows], self.transitions, self.others[rows]
        )

    def by(self, fold: int) -> HeldOut:
        """The same, all with the transition of one fold."""
        folds = np.full(len(self.folds), fold)
        return HeldOut(self.given, folds, self.weights, self.transitions, self.others)

    def likelihoods(self, called: Sequence[Labels]) -> Floats:
        """P(given | true) (N, M + 1) if the class that each of M models calls is true, and if none is."""
        likely_of = [self.transitions[self.folds, labels, self.given] for labels in called]
        likely = self.others.astype(np.float64) + IMPOSSIBLE
        for labels in called:
            likely[np.arange(len(labels)), labels] = 0
        whole = np.maximum(likely.sum(axis=1), np.finfo(float).tiny)
        seen = self.transitions[self.folds, :, self.given]
        likely_of.append(np.einsum("nk,nk->n", likely, seen) / whole)
        return np.stack(likely_of, axis=1) + IMPOSSIBLE


def accuracy(held: HeldOut, called: Labels) -> float:
    """Share of rows (N,) that a model calls by their true class, in [0, 1]."""
    joint = true_classes(held, called)
    return float(np.trace(joint) / max(joint.sum(), np.finfo(float).tiny))


def true_classes(held: HeldOut, called: Labels) -> Floats:
    """Rows by the class that a model calls (N,) and by true class (K, K), by maximum likelihood.

    What the given labels say of that, under the noise transition; nothing of it is below 0 (an inverted
    transition gives the same where the rows are many: Natarajan 2013, van Rooyen & Williamson 2018).
    """
    transition = held.transitions.mean(axis=0) + IMPOSSIBLE
    seen = np.zeros_like(transition)
    np.add.at(seen, (called, held.given), held.weights)
    joint = seen.sum(axis=1, keepdims=True) * np.full_like(seen, 1 / len(seen))
    for _ in range(STEPS):
        posterior = np.divide(seen, joint @ transition, out=np.zeros_like(seen), where=seen > 0)
        before, joint = joint, joint * (posterior @ transition.T)
        if np.abs(joint - before).max(initial=0) <= CLOSE * max(joint.sum(), 1):
            break
    return np.asarray(joint, np.float64)


def difference(held: HeldOut, raw: Labels, treated: Labels) -> Estimate:
    """Accuracy of the classes that one model calls (N,), less that of another, on rows neither has seen.

    Only where they differ does it matter which is right. How often the one, the other or neither is, the
    given labels there tell by maximum likelihood, under the noise transition. (Natarajan 2013 inverts it
    instead, and few rows or strong noise blow that up.) A row is imagined on either side (Agresti & Min
    2005). The error counts what the transitions of the folds differ by (jackknife), and that the models of
    the folds share rows (Nadeau & Bengio 2003).
    """
    apart = np.flatnonzero(raw != treated)
    some, called = held.only(apart), (raw[apart], treated[apart])
    imagined = np.array([IMAGINED, IMAGINED, UNSEEN])
    contrast = np.array([-1.0, 1.0, 0.0])
    counts, error = counted(some.likelihoods(called), some.weights, imagined)
    by_fold = [
        counted(some.by(fold).likelihoods(called), some.weights, imagined)[0] @ contrast
        for fold in range(len(held.transitions))
    ]
    variance = float(contrast @ error @ contrast) * shared(len(by_fold)) + jackknife(by_fold)
    size = float(held.weights.sum())
    return Estimate(float(counts @ contrast) / size, float(np.sqrt(variance)) / size)


def mean(values: Floats, folds: int) -> Estimate:
    """Mean of what rows (N,) of all folds give, each by the model of its fold."""
    variance = float(values.var(ddof=1)) / len(values) if len(values) > 1 else 0.0
    return Estimate(float(values.mean()), float(np.sqrt(variance * shared(folds))))


def paired(values: Floats, folds: int, unit: float) -> Estimate:
    """Mean of what rows (N,) gain, as `mean` has it, with a row of +unit and one of -unit imagined beside.

    So that rows that all gain the same, or nothing, are no certainty (Agresti & Min 2005).
    """
    estimate, rows = mean(values, folds), max(len(values), 1)
    return Estimate(estimate.value, float(np.hypot(estimate.spread, np.sqrt(2.0) * unit / rows)))


def shared(folds: int) -> float:
    """How much larger the variance is, as models of the folds share rows and are not those of all rows.

    After Nadeau & Bengio 2003; how much it takes was found by simulation (docs/decisions/0032).
    """
    return 1 + 2 / (folds - 1)


def jackknife(by_fold: Sequence[float]) -> float:
    """Variance of an estimate by those without each fold."""
    return (len(by_fold) - 1) * float(np.var(by_fold))


def counted(likelihoods: Floats, weights: Floats, imagined: Floats) -> tuple[Floats, Floats]:
    """Rows of each kind (M,) by maximum likelihood, and their covariance (M, M), by the sandwich.

    likelihoods (n, M): of what was seen of a row, if it is of the kind; weights (n,): what rows count for;
    imagined (M,): rows of each kind beside those.
    """
    kinds = likelihoods.shape[1]
    counts = np.full(kinds, weights.sum() / kinds) + imagined + IMPOSSIBLE
    for _ in range(STEPS):
        responsibility = weights / (likelihoods @ counts)
        before, counts = counts, counts * (responsibility @ likelihoods) + imagined
        if np.abs(counts - before).max(initial=0) <= CLOSE * max(counts.sum(), 1):
            break
    scores = likelihoods / (likelihoods @ counts)[:, None]
    known = np.diag(imagined / np.maximum(counts, np.finfo(float).tiny) ** 2)
    bread = np.linalg.pinv((scores * weights[:, None]).T @ scores + known, hermitian=True)
    filling = (scores * np.square(weights)[:, None]).T @ scores + known
    return counts, bread @ filling @ bread
