"""How far annotators agree beyond chance, of sums over items that can be added."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.crowd.votes import Votes


@dataclass(frozen=True, eq=False)
class Agreement:
    """Sums over the items with several votes: those with one say nothing of agreement.

    total (K,): votes by class; unlike: pairs of votes on an item that differ, over its votes less one; alike:
    the share of pairs that are alike, summed over items.
    """

    items: int
    total: NDArray[np.float64]
    unlike: float
    alike: float

    @classmethod
    def of(cls, votes: Votes) -> Agreement:
        """Those of some votes."""
        counted = votes.counts[votes.counts.sum(axis=1) > 1]
        per_item = counted.sum(axis=1)
        unlike = (counted * (per_item[:, None] - counted) / (per_item[:, None] - 1)).sum()
        alike = ((counted * (counted - 1)).sum(axis=1) / (per_item * (per_item - 1))).sum()
        return cls(len(counted), counted.sum(axis=0), float(unlike), float(alike))

    def __add__(self, other: Agreement) -> Agreement:
        return Agreement(
            self.items + other.items,
            self.total + other.total,
            self.unlike + other.unlike,
            self.alike + other.alike,
        )

    @property
    def krippendorff_alpha(self) -> float:
        """Krippendorff's alpha of nominal answers (1970): 1 perfect, 0 chance; NaN where undefined."""
        votes = self.total.sum()
        expected = (self.total * (votes - self.total)).sum()
        return float(1 - (votes - 1) * self.unlike / expected) if expected else float("nan")

    @property
    def fleiss_kappa(self) -> float:
        """Fleiss' kappa (1971), items with several votes weighing alike; NaN where undefined.

        Its one number of votes an item is generalised to any: an item's agreement is that of its pairs.
        """
        if not self.items:
            return float("nan")
        chance = float(((self.total / self.total.sum()) ** 2).sum())
        return (self.alike / self.items - chance) / (1 - chance) if chance < 1 else float("nan")
