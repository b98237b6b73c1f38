"""What a method that makes labels must be: of the votes of people, or of rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

    from labelworks.tasks.methods.crowd.fit import Fit
    from labelworks.tasks.methods.crowd.votes import Votes
    from labelworks.tasks.methods.weak_supervision.patterns import Patterns


class CrowdMethod(Protocol):
    """Aggregates votes."""

    def __call__(self, votes: Votes, /) -> Fit:
        """Fit it."""


class CrowdWithModel(Protocol):
    """Aggregates votes with the probabilities (N, K) of a model."""

    def __call__(self, votes: Votes, pred_probs: Any, /) -> Fit:
        """Fit it."""


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
