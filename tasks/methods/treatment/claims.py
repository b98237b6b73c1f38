"""What is claimed of labels that might change, and sums of it that merge over partitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.noise.core.result import NoiseResult

BINS = 1000  # of a claim: a cut that goes by their sums lies on one of their edges
BELOW_FLOAT32 = 2.0**-90  # of a hash of 64 bits: at most 2^-26, less than two posteriors over 0.5 differ by
UNLOOKED = -1  # in the place of a class that people named
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class JudgedLabels:
    """What the noise method found of the labels of rows (N,).

    suggestion: the given class, where flagged the likeliest other one; suggested: P(the suggestion is right)
    by the posterior; claim: as far as it is borne out. confident: where the transition doesn't tell which
    labels are right, the class by confident learning, -1 where it has none, and its probability. few: rows
    whose class, or the suggested one, has too few rows to judge by; outside: rows that may be of none of the
    classes. tie_break: numbers smaller than any difference of two claims. looked: the class that people
    named, UNLOOKED where nobody looked, K where they say that it is none of them. audited: changes
    of which rows were drawn to be looked at.
    """

    given: NDArray[np.int32]
    flag: NDArray[np.bool_]
    suggestion: NDArray[np.int32]
    error_probability: NDArray[np.float32]
    suggested: NDArray[np.float32]
    claim: NDArray[np.float32]
    confident: NDArray[np.int32] | None = None
    confident_probability: NDArray[np.float32] | None = None
    few: NDArray[np.bool_] | np.bool_ = np.False_
    outside: NDArray[np.bool_] | np.bool_ = np.False_
    tie_break: Floats | None = None
    looked: NDArray[np.integer] | None = None
    audited: NDArray[np.bool_] | np.bool_ = np.True_

    @classmethod
    def of(cls, given: NDArray[np.int32], judged: NoiseResult) -> JudgedLabels:
        """The given labels (N,) as they were judged."""
        suggested = judged.shares[np.arange(len(given)), judged.suggestion]
        claim = suggested if judged.claim is None else judged.claim
        return cls(
            given, judged.flag, judged.suggestion, judged.error_probability, suggested, claim,
            judged.confident, judged.confident_probability,
        )  # fmt: skip

    @property
    def suspected(self) -> NDArray[np.bool_]:
        """Rows (N,) for which another label is suggested, that may bear it."""
        return np.asarray(self.flag & (self.suggestion != self.given) & ~self.few & ~self.outside)

    @property
    def refuted(self) -> NDArray[np.bool_]:
        """Rows (N,) of which people say that the suggestion is wrong."""
        if self.looked is None:
            return np.zeros(len(self.given), bool)
        return np.asarray((self.looked != UNLOOKED) & (self.looked != self.suggestion))

    @property
    def changeable(self) -> NDArray[np.bool_]:
        """Rows (N,) whose label may change at all: suspected, and another is likelier than the given one.

        What of the suggestion's probability isn't borne out is for the given label. What people have refuted
        stays.
        """
        given = 1 - self.error_probability + (self.suggested - self.claim)
        return np.asarray(self.suspected & (self.claim > given) & ~self.refuted)

    @property
    def sureness(self) -> Floats:
        """The claims (N,), which the tie break keeps apart."""
        claimed = self.claim.astype(np.float64)
        return claimed if self.tie_break is None else claimed + self.tie_break


@dataclass(frozen=True, eq=False)
class Claims:
    """Sums over rows, by given class and by claim; of partitions they add up.

    rows, suspected (K,): by given class, all of them and those flagged. cells (M,): in rising order, given
    class × BINS + bin of the claim, wherever labels might change; leaving, right (M,): how many there are,
    and the sum of their claims.
    """

    rows: Floats
    suspected: Floats
    cells: NDArray[np.int64]
    leaving: Floats
    right: Floats

    @classmethod
    def of(cls, rows: JudgedLabels, classes: int) -> Claims:
        """Those of rows (N,)."""
        some = np.flatnonzero(rows.changeable)
        claim = rows.claim[some].astype(np.float64)
        cells = rows.given[some] * np.int64(BINS) + bin_of(claim)
        by_class, flagged = (
            np.bincount(labels, minlength=classes).astype(np.float64)
            for labels in (rows.given, rows.given[rows.flag])
        )
        return cls(by_class, flagged, *_summed(cells, np.ones(len(some)), claim))

    @classmethod
    def merged(cls, parts: Sequence[Claims]) -> Claims:
        """One of many, added in their order."""
        cells, leaving, right = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("cells", "leaving", "right")
        )
        rows, suspected = (
            np.sum([getattr(part, name) for part in parts], axis=0) for name in ("rows", "suspected")
        )
        return cls(rows, suspected, *_summed(cells, leaving, right))

    def falling(self) -> tuple[Floats, Floats]:
        """How many labels might change with a claim of each bin or above, highest first; the claims' sum."""
        bins = self.cells % BINS
        by_bin = (np.bincount(bins, values, BINS)[::-1].cumsum() for values in (self.leaving, self.right))
        count, right = by_bin
        return count, right


def bin_of(claim: Floats) -> NDArray[np.int64]:
    """The bins (N,) of claims (N,)."""
    return np.clip((claim * BINS).astype(np.int64), 0, BINS - 1)


def _summed(cells: NDArray[np.int64], *values: Floats) -> tuple[NDArray[np.int64], Floats, Floats]:
    distinct, place = np.unique(cells, return_inverse=True)
    leaving, right = (np.bincount(place, value, len(distinct)).astype(np.float64) for value in values)
    return distinct, leaving, right
