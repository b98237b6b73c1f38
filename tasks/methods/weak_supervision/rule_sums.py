"""What the rules say of some rows, counted: it adds up over partitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.weak_supervision.patterns import Patterns

Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RuleSums:
    """Of R rules on rows: on how many each fires, with or against another; what occurs together.

    fires, overlaps, conflicts, failed (R,): rows; failed: those on which a rule could not be evaluated, so it
    abstained. rows: all; conflicted: rows on which two rules differ.
    """

    rows: int
    conflicted: int
    fires: Counts
    overlaps: Counts
    conflicts: Counts
    failed: Counts
    patterns: Patterns

    @classmethod
    def of(cls, votes: NDArray[np.integer], failed: Sequence[int] | Counts | None = None) -> RuleSums:
        """Those of the votes (n, R)."""
        fires = votes >= 0
        several = fires.sum(axis=1) > 1
        highest = votes.max(axis=1, initial=-1)
        lowest = np.where(fires, votes, np.iinfo(np.int32).max).min(axis=1, initial=np.iinfo(np.int32).max)
        differ = several & (highest != lowest)
        return cls(
            rows=len(votes),
            conflicted=int(differ.sum()),
            fires=fires.sum(axis=0),
            overlaps=fires[several].sum(axis=0),
            conflicts=_against(votes, differ),
            failed=np.zeros(votes.shape[1], np.int64) if failed is None else np.asarray(failed, np.int64),
            patterns=Patterns.of(votes),
        )

    def __add__(self, other: RuleSums) -> RuleSums:
        return RuleSums(
            self.rows + other.rows,
            self.conflicted + other.conflicted,
            self.fires + other.fires,
            self.overlaps + other.overlaps,
            self.conflicts + other.conflicts,
            self.failed + other.failed,
            self.patterns + other.patterns,
        )

    @property
    def covered(self) -> int:
        """Rows on which some rule fires."""
        return self.rows - self.patterns.silent


def _against(votes: NDArray[np.integer], differ: NDArray[np.bool_]) -> Counts:
    """On how many rows each rule says what some other one doesn't (R,)."""
    others = votes[differ]
    return np.asarray(
        (others >= 0).sum(axis=0), np.int64
    )  # where two differ, each rule that fires differs from one of them
