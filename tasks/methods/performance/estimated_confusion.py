"""The confusion of a classifier on rows without labels, at their own class mix: label shift and noise heard.

Probabilities are calibrated on labelled rows, corrected by the target's estimated prior, and borne out by how
often the model was right on labelled rows weighed as the target's classes are. It holds where the classes
look as they did: P(x | class) is that of the reference. What it can't see is a change within the classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.arrays import Floats, Matrix, evenly, labels_of
from labelworks.tasks.methods.label_shift.estimator import estimate
from labelworks.tasks.methods.label_shift.inputs import Windows, check
from labelworks.tasks.methods.label_shift.result import PriorEstimate
from labelworks.tasks.methods.performance.figures import Bounded, ClassFigures, bounded, figures_of
from labelworks.tasks.methods.performance.posterior import (
    LabelledRows,
    at_mix,
    calibrated_rows,
    confusion_of,
)
from labelworks.tasks.methods.performance.prior_errors import PriorErrors

DRAWS = 200
ELEMENTS = 400_000  # of the target's posteriors that a draw is made of
LEAST = 30  # rows of a target


@dataclass(frozen=True, eq=False)
class EstimatedPerformance:
    """Of a model on a window of M rows over K classes.

    confusion (K, K): shares of the window, rows = true, columns = predicted. overall: accuracy,
    macro_precision, macro_recall, macro_f1 and, of a matrix of values, value, each with its interval at 95 %;
    by_class: precision, recall, f1. The intervals are of what the labels of these rows would show.
    """

    confusion: Floats
    overall: dict[str, Bounded]
    by_class: dict[str, ClassFigures]
    prior: PriorEstimate
    rows: int

    @property
    def accuracy(self) -> Bounded:
        """Share of the window that is predicted right."""
        return self.overall["accuracy"]


@registry.register(
    "performance",
    "estimated-confusion",
    needs=("labels", "probs", "target_probs"),
    source="Saerens 2002, Shimodaira 2000, Zadrozny & Elkan 2002, Rubin 1981",
)
def estimated_confusion(
    labels: ArrayLike,
    probs: ArrayLike,
    target_probs: ArrayLike,
    *,
    predictions: ArrayLike | None = None,
    target_predictions: ArrayLike | None = None,
    noise_transition: ArrayLike | None = None,
    value: ArrayLike | None = None,
    prior: PriorEstimate | str = "auto",
    seed: int = 0,
) -> EstimatedPerformance:
    """Estimate how a model does on a target window that has no labels.

    labels (N,): codes of the given labels; probs (N, K) out of sample and target_probs (M, K) by one model;
    predictions (N,) and target_predictions (M,): codes, of the largest probability where left out;
    noise_transition (K, K): P(given | true); value (K, K): worth of a row, rows = true, columns = predicted;
    prior: of the target, or the method that estimates it. Raises InputError on bad rows or fewer than 30.
    """
    windows = check(labels, probs, target_probs, noise_transition)
    enough(len(windows.target))
    own, theirs = _predicted(windows, predictions, target_predictions)
    mix = estimate(prior, windows) if isinstance(prior, str) else prior
    worth = None if value is None else values_of(value, windows.classes)
    return performance_at(windows, mix, own, theirs, worth, seed)


def enough(rows: int) -> None:
    """Raise InputError of a target of too few rows."""
    if rows < LEAST:
        raise InputError(f"the target has {rows} rows", where="target", fix=f"give at least {LEAST}")


def values_of(value: ArrayLike, classes: int) -> Floats:
    """A matrix of values (K, K); raise InputError where it is none."""
    worth = np.asarray(value, dtype=np.float64)
    if worth.shape != (classes, classes) or not np.isfinite(worth).all():
        raise InputError(
            f"value has shape {worth.shape}",
            where="value",
            fix=f"give ({classes}, {classes}) finite numbers: rows = true class, columns = predicted class",
        )
    return worth


def performance_at(
    windows: Windows,
    prior: PriorEstimate,
    own: NDArray[np.int64],
    theirs: NDArray[np.int64],
    value: Floats | None = None,
    seed: int = 0,
) -> EstimatedPerformance:
    """The same at an estimated prior; own (N,) and theirs (M,): predictions of both windows."""
    reference = LabelledRows.of(windows, prior, own)
    target = calibrated_rows(prior, windows.target)
    right = reference.right(prior.weights)
    expected = confusion_of(right(at_mix(target, prior.weights), theirs), theirs)
    confusion = expected + reference.missed(right, prior.weights)
    draw, rng = _Draw.of(windows, reference, target, theirs, prior), np.random.default_rng(seed)
    drawn = [figures_of(confusion + draw(rng), len(theirs), value) for _ in range(DRAWS)]
    overall, by_class = bounded(figures_of(confusion, len(theirs), value), drawn)
    return EstimatedPerformance(confusion, overall, by_class, prior, len(theirs))


@dataclass(frozen=True, eq=False)
class _Draw:
    """How far a confusion may lie from the estimate: the prior's error, the reference's rows, the labels.

    The true class of each row of the target is drawn by its posterior. Of a large target a part is drawn for,
    and what its labels do by chance is `shrunk` to what those of all would.
    """

    reference: LabelledRows
    target: Matrix
    predicted: NDArray[np.int64]
    prior: PriorEstimate
    errors: PriorErrors
    expected: Floats
    shrunk: float
    few: slice
    missed: Floats

    @classmethod
    def of(
        cls, windows: Windows, reference: LabelledRows, target: Matrix, predicted: NDArray[np.int64],
        prior: PriorEstimate,
    ) -> _Draw:  # fmt: skip
        part = evenly(len(target), max(ELEMENTS // target.shape[1], LEAST))
        few, theirs = target[part], predicted[part]
        right = reference.right(prior.weights)
        posterior = right(at_mix(few, prior.weights), theirs)
        some = evenly(len(reference.predicted), max(ELEMENTS // target.shape[1], LEAST))
        missed = reference.only(some).missed(right, prior.weights)
        errors, shrunk = PriorErrors.of(windows, prior), float(np.sqrt(len(few) / len(target)))
        return cls(
            reference, few, theirs, prior, errors, confusion_of(posterior, theirs), shrunk, some, missed
        )

    def __call__(self, rng: np.random.Generator) -> Floats:
        """A difference (K, K) from the estimate."""
        counts = rng.exponential(size=len(self.reference.predicted))
        weights = self._weights(self.errors.draw(counts, rng))
        right = self.reference.right(weights, counts, rng)
        posterior = right(at_mix(self.target, weights), self.predicted)
        expected = confusion_of(posterior, self.predicted)
        seen = self._labelled(posterior, rng)
        some = self.reference.only(self.few)
        missed = some.missed(right, weights, counts[self.few]) - self.missed
        missed *= np.sqrt(len(some.predicted) / len(counts))
        return np.asarray(expected - self.expected + missed + self.shrunk * (seen - expected))

    def _labelled(self, posterior: Matrix, rng: np.random.Generator) -> Floats:
        """The confusion (K, K) with labels drawn for the rows."""
        rows, K = posterior.shape
        labels = (posterior.cumsum(axis=1) < rng.random((rows, 1))).sum(axis=1)
        cells = np.minimum(labels, K - 1) * K + self.predicted
        return np.asarray(np.bincount(cells, minlength=K * K).reshape(K, K) / rows)

    def _weights(self, error: Floats) -> Floats:
        """Weights (K,) of the classes at a prior that is off by so much."""
        source, known = self.prior.source_prior, self.prior.source_prior > 0
        drawn = np.where(known, np.maximum(self.prior.prior + error, 1e-7), 0.0)
        return np.asarray(np.divide(drawn / drawn.sum(), source, out=np.zeros_like(drawn), where=known))


def _predicted(
    windows: Windows, own: ArrayLike | None, theirs: ArrayLike | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Predictions of both windows, checked; the likeliest classes where none are given."""
    if (own is None) != (theirs is None):
        raise InputError("predictions are of one window", where="predictions", fix="give both, or none")
    K, both = windows.classes, ((own, windows.probs), (theirs, windows.target))
    first, second = (
        probs.argmax(axis=1).astype(np.int64) if given is None else labels_of(given, len(probs), K)
        for given, probs in both
    )
    return first, second
