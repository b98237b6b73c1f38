"""What a method that decides on labels and their weights must be, and a model that compares them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy import sparse

    from labelworks.tasks.methods.treatment.claims import Claims
    from labelworks.tasks.methods.treatment.cut import Cut
    from labelworks.tasks.methods.treatment.imprecise.core.likelihood import Likelihood
    from labelworks.tasks.methods.treatment.trust import Trust
    from labelworks.tasks.methods.treatment.weights.core.rows import WeighedRows, WeightFacts
    from labelworks.tasks.methods.validation.models.multinomial import Predict


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


class RelabelMethod(Protocol):
    """Places the cut of a dataset: from which claim on a label changes, by given class. Options are keywords.

    claims: sums over all rows, by class and claim; trust: what is known of the noise.
    """

    def __call__(self, claims: Claims, trust: Trust, /) -> Cut:
        """Place it."""


class WeightsMethod(Protocol):
    """One factor (n,), 0 or more, of what rows count for. Options are keywords; `column`: one to read.

    Features and counts are there where it declares to need them, a target's density where it can be told.
    """

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
