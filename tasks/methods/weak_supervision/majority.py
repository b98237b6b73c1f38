"""What most rules say."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.weak_supervision.outputs import Floats
from labelworks.tasks.methods.weak_supervision.patterns import Patterns


@dataclass(frozen=True, eq=False)
class Majority:
    """Votes counted; prior (K,) breaks ties and stands where no rule fires."""

    prior: Floats
    copies: dict[int, int] = field(default_factory=dict)

    def posterior(self, votes: NDArray[np.integer]) -> NDArray[np.float32]:
        """The likelier of the classes that got most votes share the row (n, K)."""
        counts = np.stack([(votes == code).sum(axis=1) for code in range(len(self.prior))], axis=1)
        first = (counts == counts.max(axis=1, keepdims=True)) * (1e-9 + self.prior)
        won = first * (first >= first.max(axis=1, keepdims=True))
        silent = counts.sum(axis=1) == 0
        shares = won / won.sum(axis=1, keepdims=True)
        return np.where(silent[:, None], self.prior, shares).astype(np.float32)


@register("weak_supervision", "majority", source="folklore")
def majority(patterns: Patterns, classes: int, prior: Floats | None = None) -> Majority:
    """The class that most rules name; of those that tie, the one that is named more often overall."""
    if prior is not None:
        return Majority(np.asarray(prior, np.float64))
    answers = patterns.answers
    said = answers[answers >= 0]
    weight = np.repeat(patterns.rows[:, None], answers.shape[1], axis=1)[answers >= 0]
    shares = np.bincount(said, weight, minlength=classes)
    return Majority(shares / max(shares.sum(), 1))
