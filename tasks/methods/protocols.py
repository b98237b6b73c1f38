"""What a method of each kind must be: what it is called with, and what it gives back.

`labelworks.tasks.methods.registry` holds every method to the protocol of its kind when it is registered, a
built-in one and one of another package alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    import pyarrow as pa
    from scipy import sparse

    from labelworks.tasks.methods.crowd.fit import Fit
    from labelworks.tasks.methods.crowd.votes import Votes
    from labelworks.tasks.methods.drift.base import DriftTest
    from labelworks.tasks.methods.encoders.base import Encoded, State
    from labelworks.tasks.methods.label_shift.inputs import Windows
    from labelworks.tasks.methods.label_shift.result import PriorEstimate
    from labelworks.tasks.methods.multilabel.judge import JudgedLabelSets
    from labelworks.tasks.methods.noise.core.result import NoiseResult
    from labelworks.tasks.methods.probes.affine import Affine
    from labelworks.tasks.methods.probes.ensemble import Linear
    from labelworks.tasks.methods.probes.words_by_class import WordsByClass
    from labelworks.tasks.methods.probes.zero_shot import ClassNames
    from labelworks.tasks.methods.regression.judge import JudgedNumbers
    from labelworks.tasks.methods.sums import ClassSums
    from labelworks.tasks.methods.treatment.claims import Claims
    from labelworks.tasks.methods.treatment.cut import Cut
    from labelworks.tasks.methods.treatment.imprecise.core.likelihood import Likelihood
    from labelworks.tasks.methods.treatment.trust import Trust
    from labelworks.tasks.methods.treatment.weights.core.rows import WeighedRows, WeightFacts
    from labelworks.tasks.methods.validation.models.multinomial import Predict
    from labelworks.tasks.methods.weak_supervision.patterns import Patterns


class EncoderMethod(Protocol):
    """A class made from options, fitted once a dataset, loaded once a worker: best a subclass of Encoder."""

    def identity(self) -> dict[str, Any]:
        """What of the encoder decides its vectors."""

    def lacks(self, device: str) -> str:
        """Why it can't run on a device in this process; "" if it can."""

    def fit(self, values: pa.Array) -> State:
        """Learn from a sample of the column what encoding needs."""

    def load(self, state: State) -> None:
        """Make ready to encode."""

    def encode(self, values: pa.Array) -> Encoded:
        """Encode a batch of the column, row by row."""

    def prepare(self, values: pa.Array) -> Any:
        """Do what needs no device, one batch ahead."""

    def infer(self, prepared: Any) -> Encoded:
        """Encode what `prepare` gave."""

    def encode_names(self, names: list[str]) -> Encoded:
        """Encode class names (K,) into the space of the rows."""


class SumsProbe(Protocol):
    """A probe fitted on merged sums: weights (D, K) and intercepts (K,)."""

    def __call__(self, sums: ClassSums, /) -> Linear:
        """Fit it."""


class RowsProbe(Protocol):
    """A probe that needs rows: features (N, D), labels (N,) in [0, classes)."""

    def __call__(
        self, features: NDArray[np.floating], labels: NDArray[np.integer], classes: int, /
    ) -> Linear:
        """Fit it."""


class NamesProbe(Protocol):
    """A probe made of the encoded class names: it sees no row."""

    def __call__(self, names: ClassNames, /) -> Linear:
        """Make it."""


class WordsProbe(Protocol):
    """A probe fitted on the words of each class: weights (V, K) and intercepts (K,)."""

    def __call__(self, words: WordsByClass, /) -> Linear:
        """Fit it."""


class MappedProbe(Protocol):
    """A probe fitted on merged sums of random features: weights (M, K) and intercepts (K,)."""

    def __call__(self, mapped: ClassSums, /) -> Linear:
        """Fit it."""


class AdaptMethod(Protocol):
    """A map of the embedding, learnt from merged sums; None: it stays as it is. Options are keywords."""

    def __call__(self, sums: ClassSums, /) -> Affine | None:
        """Learn it."""


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


class CrowdMethod(Protocol):
    """Aggregates votes."""

    def __call__(self, votes: Votes, /) -> Fit:
        """Fit it."""


class CrowdWithModel(Protocol):
    """Aggregates votes with the probabilities (N, K) of a model."""

    def __call__(self, votes: Votes, pred_probs: Any, /) -> Fit:
        """Fit it."""


class LabelKindMethod(Protocol):
    """Says what observed labels mean. Options are keywords.

    marks (n, K): sparse, what was said of a row and a class: 1 for a class named, its share or its votes.
    """

    def __call__(self, marks: sparse.csr_array, /) -> Likelihood:
        """P(observed | class) of each row, up to a factor of its own."""


class LabelKindByPropensity(Protocol):
    """The same of labels that rows have or lack by chance: propensity (K,) is P(labelled | class)."""

    def __call__(self, marks: sparse.csr_array, /, *, propensity: NDArray[np.floating]) -> Likelihood:
        """P(observed | class) of each row, up to a factor of its own."""


class LabelKindOfGroups(Protocol):
    """The same of labels that bind rows together: bags (n,) says which, and all rows of one are there."""

    def __call__(
        self, marks: sparse.csr_array, bags: NDArray[np.integer], pred_probs: NDArray[np.floating], /
    ) -> NDArray[np.float32]:
        """The posterior (n, K) of what a model's probabilities (n, K) say, given what was observed."""


class RuleFunction(Protocol):
    """Looks at the rows of a table (n,): booleans where it fires, or names of classes; null: it abstains."""

    def __call__(self, table: pa.Table, /) -> pa.Array:
        """Look at them."""


class RuleModel(Protocol):
    """What a model of rules learnt."""

    @property
    def prior(self) -> NDArray[np.float64]:
        """Share of each class (K,)."""

    @property
    def copies(self) -> dict[int, int]:
        """Of each rule that repeats an earlier one, which."""

    def posterior(self, votes: NDArray[np.integer]) -> NDArray[np.float32]:
        """P(class | votes) (n, K) of votes (n, R)."""


class RulesMethod(Protocol):
    """Fits a model of rules to which of their answers occur together; prior (K,): of the classes."""

    def __call__(self, patterns: Patterns, classes: int, prior: NDArray[np.float64] | None, /) -> RuleModel:
        """Fit it."""


class PriorMethod(Protocol):
    """Estimates the class mix of an unlabelled window: it sees classes that have labelled rows alone."""

    def __call__(self, windows: Windows, /) -> PriorEstimate:
        """Estimate it."""


class DriftMethod(Protocol):
    """Tests whether two windows (n, D), (m, D) are of one distribution, at a level."""

    def __call__(
        self, reference: NDArray[np.floating], current: NDArray[np.floating], alpha: float
    ) -> DriftTest:
        """Test it."""


class RelabelMethod(Protocol):
    """Places the cut of a dataset: from which claim on a label changes, by given class. Options are keywords.

    claims: sums over all rows, by class and claim; trust: what is known of the noise.
    """

    def __call__(self, claims: Claims, trust: Trust, /) -> Cut:
        """Place it."""


class WeightsMethod(Protocol):
    """One factor (n,), 0 or more, of what rows count for. Options are keywords; `column`: one to read."""

    def __call__(self, rows: WeighedRows, facts: WeightFacts, /) -> NDArray[np.float64]:
        """Weigh them."""


class ModelMethod(Protocol):
    """Trains what raw and treated labels are compared by; gives what foretells the classes of other rows."""

    def __call__(
        self,
        features: NDArray[np.floating],
        labels: NDArray[np.integer],
        weight: NDArray[np.floating] | None,
        classes: int,
        /,
    ) -> Predict:
        """Train it on rows (N, D), labels (N,) in [0, classes), weights (N,) or None."""
