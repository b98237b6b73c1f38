"""Which answers of the rules occur together, and how often: all that a label model learns from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ABSTAIN = -1
HELD = 50_000  # patterns: beyond, those of the lowest hashes stand for all
_WHOLE = np.iinfo(np.uint64).max


@dataclass(frozen=True, eq=False)
class Patterns:
    """P patterns of R rules over rows where some rule fires; they add up, and memory doesn't grow with rows.

    answers (P, R) int32: codes of classes, ABSTAIN where a rule doesn't fire; rows (P,): how many have the
    pattern; hashes (P,) sorted, all of them below `below`: the share of all patterns that is held by chance.
    silent: rows on which no rule fires.
    """

    answers: NDArray[np.int32]
    rows: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    below: int
    silent: int

    @classmethod
    def of(cls, votes: NDArray[np.integer], held: int = HELD) -> Patterns:
        """Those of the votes (n, R) on some rows."""
        codes = np.ascontiguousarray(votes, np.int32)
        fired = (codes >= 0).any(axis=1)
        answers, rows = np.unique(codes[fired], axis=0, return_counts=True)
        order = np.argsort(hashes := _hashes(answers), kind="stable")
        patterns = cls(answers[order], rows[order], hashes[order], int(_WHOLE), int(np.count_nonzero(~fired)))
        return patterns._cut(held)

    def __add__(self, other: Patterns) -> Patterns:
        """Of the rows of both."""
        below = min(self.below, other.below)
        answers, hashes = (
            np.concatenate([getattr(self, name), getattr(other, name)]) for name in ("answers", "hashes")
        )
        rows = np.concatenate([self.rows, other.rows])
        there = hashes <= np.uint64(below)
        kept, first, place = np.unique(hashes[there], return_index=True, return_inverse=True)
        added = np.bincount(place, rows[there], minlength=len(kept)).astype(np.int64)
        joined = Patterns(answers[there][first], added, kept, below, self.silent + other.silent)
        return joined._cut(HELD)

    def _cut(self, held: int) -> Patterns:
        """The same, with at most so many patterns."""
        if len(self.hashes) <= held:
            return self
        last = int(self.hashes[held - 1])
        return Patterns(self.answers[:held], self.rows[:held], self.hashes[:held], last, self.silent)


def _hashes(answers: NDArray[np.int32]) -> NDArray[np.uint64]:
    """A hash of each pattern (P,), by its answers alone."""
    hashes = (hashlib.blake2b(row.tobytes(), digest_size=8).digest() for row in answers)
    return np.frombuffer(b"".join(hashes), np.uint64).copy()
