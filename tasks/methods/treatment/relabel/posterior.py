"""Keep, relabel or send to review, by the posterior of the true label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.tables import ACTIONS
from labelworks.tasks.methods.registry import register

KEEP, RELABEL, REVIEW = range(len(ACTIONS))
REASONS = (
    "not suspicious",
    "the given label is unlikely, another is likely",
    "the given label is unlikely, no other is likely enough",
    "suspicious, kept",
    "perhaps of none of the classes",
    "its class, or the likelier one, has too few rows to judge by",
)
KEPT, RELABELLED, REVIEWED, SUSPECTED, OUTSIDE, FEW = range(len(REASONS))


@dataclass(frozen=True)
class Decisions:
    """Row by row: the label (N,), codes of action and reason (N,), P(the label is right) (N,)."""

    label: NDArray[np.int32]
    action: NDArray[np.int8]
    reason: NDArray[np.int8]
    right: NDArray[np.float32]


@register("relabel", "posterior", needs=("flag", "suggestion", "posterior"), source="Bayes' rule, Chow 1970")
def posterior(
    given: NDArray[np.int32],
    flag: NDArray[np.bool_],
    suggestion: NDArray[np.int32],
    error_probability: NDArray[np.float32],
    suggested: NDArray[np.float32],
    *,
    outside: NDArray[np.bool_] | None = None,
    few: NDArray[np.bool_] | None = None,
    relabel: bool,
    relabel_over: float,
) -> Decisions:
    """Decide on rows (N,): `suggested` is P(the suggestion is right); without `relabel` no label changes.

    outside (N,): rows that may be of none of the classes, so that another label would be as wrong. few (N,):
    rows whose doubt rests on a class of a handful of rows, which bears neither a new label nor a weight.
    """
    nowhere = np.zeros(len(given), bool)
    strange = nowhere if outside is None else outside & relabel
    doubtful = nowhere if few is None else few & flag
    sure = flag & (suggested >= relabel_over) & (suggestion != given) & relabel & ~strange & ~doubtful
    unsure = flag & ~sure & relabel
    action = np.select([sure, unsure | strange], [RELABEL, REVIEW], KEEP).astype(np.int8)
    kinds = [OUTSIDE, RELABELLED, FEW, REVIEWED, SUSPECTED]
    reason = np.select([strange, sure, unsure & doubtful, unsure, flag], kinds, KEPT).astype(np.int8)
    label = np.where(sure, suggestion, given).astype(np.int32)
    right = np.where(sure, suggested, 1.0 - error_probability).astype(np.float32)
    right[nowhere if few is None else few] = 1.0
    return Decisions(label, action, reason, right)
