"""Changes as far as rows that people looked at prove them, whatever is claimed of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.percentages import percent
from labelworks.tasks.methods.statistics.fixed_sequence import LEVEL, Proven, lacking, proven
from labelworks.tasks.methods.treatment.claims import UNLOOKED, JudgedLabels
from labelworks.tasks.methods.treatment.cut import NEVER, Cut, even

SPARE = 2  # times the rows that are needed if all are right: with one wrong among them nothing would change


@dataclass(frozen=True, eq=False)
class AuditedChanges:
    """Rows (n,) that people looked at, of those whose label might change.

    claim: of the suggestion; right: whether it is the label that people gave; given: the given label.
    """

    claim: NDArray[np.float32]
    right: NDArray[np.bool_]
    given: NDArray[np.int32]

    @classmethod
    def of(cls, rows: JudgedLabels) -> AuditedChanges:
        """Those among rows (N,)."""
        if rows.looked is None:
            some = np.zeros(0, np.intp)
            return cls(rows.claim[some], rows.flag[some], rows.given[some])
        some = np.flatnonzero(rows.suspected & rows.audited & (rows.looked != UNLOOKED))
        return cls(rows.claim[some], rows.looked[some] == rows.suggestion[some], rows.given[some])

    @classmethod
    def merged(cls, parts: Sequence[AuditedChanges]) -> AuditedChanges:
        """One of many."""
        claim, right, given = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("claim", "right", "given")
        )
        return cls(claim, right, given)


def proven_cut(audited: AuditedChanges, precision: float, spared: NDArray[np.bool_]) -> Cut:
    """From which claim on so large a share of the changes is right, but for one time in twenty.

    The audited rows are taken for a fair sample of the rows whose label might change: drawn by chance among
    these, or among all. spared (K,): classes that no label leaves.
    """
    counted = ~spared[audited.given]
    bound = proven(audited.claim[counted], audited.right[counted], precision, SPARE)
    if not bound.bound:
        return even(NEVER, len(spared), _unproven(bound, precision))
    over = np.where(spared, NEVER, bound.over)
    return Cut(
        over, _said(bound), spared=spared if spared.any() else None, claimed=bound.bound, proven=bound.bound
    )


def _said(found: Proven) -> str:
    return (
        f"of {found.rows:,} audited rows as sure as those changed, {found.right:,} were right: at least "
        f"{percent(found.bound)} of the changes are, by a bound that holds {percent(LEVEL, 0)} of the time"
    )


def _unproven(found: Proven, precision: float) -> str:
    return (
        f"no label was changed: the suggestion was right on {found.right:,} of {found.rows:,} audited rows "
        f"that might change, {lacking(found, precision)}"
    )
