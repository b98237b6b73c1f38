"""Which of two models is right where they differ, told by people who looked at some of those rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.audit.difference import AuditedSample, Looked, difference
from labelworks.tasks.methods.audit.draw import mark_of
from labelworks.tasks.methods.validation.disagreements import shared

Labels = NDArray[np.integer]
FOR_TREATED, FOR_RAW, FOR_NEITHER = range(3)  # strata: which model the given label agrees with


@dataclass(frozen=True, eq=False)
class Apart:
    """Rows (n,) that models of given and of treated labels call differently, of all that were compared.

    place (n,): among those (`of` in all); raw, treated (n,): what each model calls them; stratum (n,): whose
    side the given label is on. folds: that were held out.
    """

    place: NDArray[np.intp]
    raw: Labels
    treated: Labels
    stratum: NDArray[np.int64]
    of: int
    folds: int

    @classmethod
    def of_calls(cls, given: Labels, raw: Labels, treated: Labels, folds: int) -> Apart:
        """Those of all rows (N,) that were compared."""
        place = np.flatnonzero(raw != treated)
        sides = [given[place] == treated[place], given[place] == raw[place]]
        stratum = np.select(sides, [FOR_TREATED, FOR_RAW], FOR_NEITHER).astype(np.int64)
        return cls(place, raw[place], treated[place], stratum, len(given), folds)

    def mark(self, hashes: NDArray[np.uint64]) -> int:
        """Names these rows, by their ids' hashes (n,), and what the models call them, in whatever order."""
        called = (self.raw.astype(np.uint64) << np.uint64(32)) + self.treated.astype(np.uint64)
        return mark_of(hashes, called)

    @property
    def rows(self) -> NDArray[np.int64]:
        """Rows of each stratum (3,)."""
        return np.bincount(self.stratum, minlength=3).astype(np.int64)


def apart_width(rows: NDArray[np.int64], looks: NDArray[np.int64], *, of: int, folds: int) -> float:
    """How wide the interval is likely to be that looks (H,) at strata of rows (H,) give, of `of` compared.

    Where either model is right as often as the other.
    """
    seen = looks.astype(np.float64)
    half = Looked(rows.astype(np.float64), seen, np.zeros(len(seen)), seen)
    estimate = difference(half, of, beyond=shared(folds))
    return estimate.high - estimate.low


def audited_difference(
    apart: Apart, rows: Sequence[int], true: Sequence[Collection[int]]
) -> AuditedSample | None:
    """Accuracy of the treated labels' model, less that of the given ones', by rows that people looked at.

    rows: places among those apart; true: the classes that each is of, none of them or several. None: nobody
    looked at any. Rows of a stratum that nobody has seen are taken to be as the others are. The interval is
    of rows like those compared: it counts that these were drawn, that not all were seen, and that the models
    of the folds share rows (Nadeau & Bengio 2003); `here` is of the rows compared alone.
    """
    if not len(rows):
        return None
    some = np.asarray(rows, np.intp)
    gained = [
        (int(treated) in right) - (int(raw) in right)
        for treated, raw, right in zip(apart.treated[some], apart.raw[some], true, strict=True)
    ]
    stratum = apart.stratum[some]
    seen = np.unique(stratum)
    lost = apart.rows.sum() / max(int(apart.rows[seen].sum()), 1)  # strata that nobody has seen
    looked = Looked.of(stratum, np.ceil(apart.rows[stratum] * lost), gained)
    here = difference(looked, apart.of)
    return replace(difference(looked, apart.of, beyond=shared(apart.folds)), here=(here.low, here.high))
