"""What is decided on rows whose labels are inferred of what was observed of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.label_kinds import NOTHING
from labelworks.tasks.methods.treatment.decisions import (
    DRAWN,
    INFER,
    INFERRED,
    KEEP,
    KEPT,
    REVIEW,
    REVIEWED,
    SILENT,
    SUSPECTED,
    UNSETTLED,
    Decisions,
)


@dataclass(frozen=True, eq=False)
class ObservedRows:
    """Of rows (n,): the kind of each, a class drawn of what was observed alone, and whether that leaves
    several."""

    kind: NDArray[Any]
    alone: NDArray[np.int32]
    open: NDArray[np.bool_]


def as_inferred(decided: Decisions, rows: ObservedRows) -> Decisions:
    """The decisions on rows (n,), of those whose label is inferred said so; a class that was named stays."""
    inferred = rows.open | (rows.kind != "single")
    unsettled = np.isin(decided.reason, (REVIEWED, SUSPECTED))
    reason = np.select([decided.reason == KEPT, unsettled], [INFERRED, UNSETTLED], decided.reason)
    action = np.where(decided.action == KEEP, INFER, decided.action)
    return replace(
        decided,
        reason=np.where(inferred, reason, decided.reason).astype(np.int8),
        action=np.where(inferred, action, decided.action).astype(np.int8),
    )


def as_observed(rows: ObservedRows) -> Decisions:
    """Labels by what was observed alone: drawn where that leaves several; those of no label don't count."""
    silent, drawn = rows.kind == NOTHING, rows.open
    return Decisions(
        rows.alone,
        np.select([silent, drawn], [REVIEW, INFER], KEEP).astype(np.int8),
        np.select([silent, drawn], [SILENT, DRAWN], KEPT).astype(np.int8),
        (~silent).astype(np.float32),
    )
