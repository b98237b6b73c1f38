"""The outputs of rules: each class that a rule names is one thing that it says, and fires or doesn't."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Outputs:
    """M outputs of R rules.

    rule, answer (M,); column (R, K): the output of a rule's answer, -1 where it never gave it.
    """

    rule: Codes
    answer: Codes
    column: Codes

    @classmethod
    def of(cls, votes: NDArray[np.integer], classes: int) -> Outputs:
        """Those that occur in votes (n, R) over so many classes."""
        rules = votes.shape[1]
        _, rule = np.nonzero(votes >= 0)
        cell = rule * classes + votes[votes >= 0]
        there = np.unique(cell)
        column = np.full(rules * classes, -1, np.int64)
        column[there] = np.arange(len(there))
        return cls(there // classes, there % classes, column.reshape(rules, classes))

    @property
    def sides(self) -> Codes:
        """How many classes the rule of an output names (M,)."""
        return np.asarray(np.bincount(self.rule)[self.rule], np.int64)

    def fires(self, votes: NDArray[np.integer]) -> sparse.csr_array:
        """Which outputs fire (n, M); an answer that a rule never gave before counts for nothing."""
        row, rule = np.nonzero(votes >= 0)
        place = self.column[rule, votes[row, rule]]
        row, place = row[place >= 0], place[place >= 0]
        shape = (len(votes), len(self.rule))
        return sparse.csr_array((np.ones(len(row)), (row, place)), shape=shape)
