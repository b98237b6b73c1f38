"""What a method that finds wrong labels must be: one class a row, several, or numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from scipy import sparse

    from labelworks.tasks.methods.multilabel.judge import JudgedLabelSets
    from labelworks.tasks.methods.noise.core.result import NoiseResult
    from labelworks.tasks.methods.regression.judge import JudgedNumbers


class NoiseModel(Protocol):
    """A class made from options that sees the data in parts: memory does not grow with their number.

    What it needs beside labels and probabilities it is given by keyword in `update` and `score`, each (n, …):
    `features`, `votes`, `neighbour_labels`, `neighbour_weights`, as it declares in `needs`; class names by
    the option `class_vectors` (K, D).
    """

    def update(self, labels: ArrayLike, pred_probs: Any, /, **beside: Any) -> None:
        """Accumulate a part: labels (n,) in [0, K), pred_probs (n, K) out-of-sample, and what it needs."""

    def sampled_from(self, rows: int, /) -> None:
        """Say, before finish, how many rows the data has where the parts are only a sample of them."""

    def finish(self) -> None:
        """Fit what needs all parts."""

    @property
    def threshold(self) -> float:
        """The error probability over which rows are flagged, after finish."""

    def score(self, labels: ArrayLike, pred_probs: Any, /, **beside: Any) -> NoiseResult:
        """Judge a part, after finish; the rate and the transition are those of all parts."""


@runtime_checkable
class JudgesChecked(Protocol):
    """A noise method that can judge rows which were checked before, and leave the posterior out."""

    def judge(
        self, given: NDArray[np.int32], probs: NDArray[np.float32], /, *, posterior: bool, **beside: Any
    ) -> NoiseResult:
        """Judge rows (n,), without checking them; the posterior (n, K) only where it is asked for."""


@runtime_checkable
class HearsVote(Protocol):
    """A noise method that fits better where it is told the commonest label of the nearest rows."""

    hears_vote: bool

    def update(
        self, labels: ArrayLike, pred_probs: Any, /, *, neighbour_vote: NDArray[np.int32], **beside: Any
    ) -> None:
        """Accumulate a part; neighbour_vote (n,): -1 where it isn't known."""


@runtime_checkable
class PlacesCut(Protocol):
    """A noise method with a target, such as a budget, that is met on all rows when all are at hand."""

    def flags(self, found: NoiseResult, /) -> NDArray[np.bool_]:
        """Flag the rows (N,) of all the data by what was found of them."""


class LabelSetModel(Protocol):
    """A class made from options, for rows with several labels: fitted on rows that stand for all.

    given: the labels (n, K), sparse, 0 and 1; probs: P(the row has the label) (n, K), out of sample.
    """

    def fit(self, given: sparse.csr_array, probs: NDArray[np.floating], /) -> None:
        """Learn from rows."""

    def judge(self, given: sparse.csr_array, probs: NDArray[np.floating], /) -> JudgedLabelSets:
        """Judge rows, after fit."""

    @property
    def missing_rate(self) -> NDArray[np.float64]:
        """P(a true label was not given) by class (K,), after fit."""

    @property
    def false_rate(self) -> NDArray[np.float64]:
        """P(a label that isn't true was given) by class (K,), after fit."""


class NumberModel(Protocol):
    """A class made from options, for numbers (n,): fitted on rows that stand for all, and fitted again.

    predicted (n,): what a probe foretells, out of sample.
    """

    def fit(self, given: NDArray[np.float64], predicted: NDArray[np.float64], /) -> None:
        """Learn from rows."""

    def judge(self, given: NDArray[np.float64], predicted: NDArray[np.float64], /) -> JudgedNumbers:
        """Judge rows, after fit."""

    def usual(self, predicted: NDArray[np.float64], /) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper end (N,) of what 95 % of the right numbers of such predictions are, after fit."""

    @property
    def rate(self) -> float:
        """The share of wrong numbers, after fit."""
