"""The cut of a dataset: from which claim on a label changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.treatment.claims import BINS, Claims, JudgedLabels

NEVER = 2.0  # a claim that no row reaches


@dataclass(frozen=True, eq=False)
class Cut:
    """From which claim on a label changes, by its given class (K,); what is to be said of it.

    surest: at most so many labels change, the surest ones; None: all. above: the sureness over which these
    lie, known once all rows were counted. claimed: mean claim of the changes; None: there are none.
    confident: labels change by confident learning, whatever is claimed. spared (K,): classes that no label
    leaves, as the model knows too little of them; None: there are none.
    proven: so large a share of the changes is right by audited rows, whether it is claimed or not; None: the
    claims are all that is known.
    """

    over: NDArray[np.float64]
    says: str = ""
    surest: int | None = None
    above: float = -np.inf
    confident: bool = False
    spared: NDArray[np.bool_] | None = None
    claimed: float | None = None
    proven: float | None = None

    def spares(self, given: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Which given labels (N,) stay for what the model doesn't know of their class."""
        return np.zeros(len(given), bool) if self.spared is None else self.spared[given]

    def allows(self, rows: JudgedLabels) -> NDArray[np.bool_]:
        """Which rows (N,) are sure enough."""
        reached = rows.claim >= self.over[rows.given]
        return np.asarray(reached & (rows.sureness > self.above))

    def changes(self, rows: JudgedLabels) -> NDArray[np.bool_]:
        """Which labels of rows (N,) change."""
        may = rows.changeable if self.proven is None else rows.suspected & ~rows.refuted & rows.audited
        return np.asarray(may & self.allows(rows))

    def limited(self, most: int | None) -> Cut:
        """The same that changes at most so many labels; None: as it is."""
        if most is None:
            return self
        return replace(self, surest=most if self.surest is None else min(most, self.surest))

    def surest_of(self, parts: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        """Of the sureness of rows that would change, in parts, no more than it takes to find the limit."""
        sureness = np.sort(np.concatenate(parts))[::-1]
        return sureness if self.surest is None else sureness[: self.surest + 1]

    def placed(self, sureness: NDArray[np.float64]) -> Cut:
        """The same, knowing the falling sureness of the rows that it would change, of one more than may."""
        if self.surest is None or len(sureness) <= self.surest:
            return self
        kept = sureness[: self.surest]
        claimed = float(kept.mean()) if len(kept) else None
        return replace(self, above=float(sureness[self.surest]), claimed=claimed)

    def counted(self, claims: Claims) -> Cut:
        """The same, knowing the mean claim of what it would change; a bin that it divides counts whole."""
        given, bins = np.divmod(claims.cells, BINS)
        reached = bins + 1 > self.over[given] * BINS
        count = float(claims.leaving[reached].sum())
        return replace(self, claimed=float(claims.right[reached].sum()) / count if count else None)


def even(over: float, classes: int, says: str = "") -> Cut:
    """One claim for all classes."""
    return Cut(np.full(classes, over), says)
