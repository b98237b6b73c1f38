"""From judgements to treated rows: the one place where a mode means something."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.findings import ShiftFindings
from labelworks.tasks.methods.registry import get
from labelworks.tasks.methods.treatment.policy import Policy
from labelworks.tasks.methods.treatment.relabel.posterior import REVIEW, Decisions


def treat_rows(
    given: NDArray[np.int32],
    flag: NDArray[np.bool_],
    suggestion: NDArray[np.int32],
    error_probability: NDArray[np.float32],
    suggested: NDArray[np.float32] | None,
    policy: Policy,
    class_weights: NDArray[np.float64] | None,
    tie_break: NDArray[np.float64] | float = 0.0,
    outside: NDArray[np.bool_] | None = None,
    rows_by_class: NDArray[np.floating] | None = None,
) -> tuple[Decisions, NDArray[np.float32]]:
    """Decide on rows (N,) and weigh them; class_weights (K,) or None.

    suggested: P(the suggestion is right); None where the noise method doesn't tell. tie_break: (N,), added
    to it where rows that tie have to be told apart. outside (N,): rows that may be of none of the classes.
    rows_by_class (K,): how many rows the whole dataset has; None: enough of each.
    """
    few = None
    if rows_by_class is not None:
        small = rows_by_class < policy.min_class_rows
        few = small[given] | (flag & small[suggestion])
    decided: Decisions = get("relabel", policy.relabel.method).target(
        given,
        flag,
        suggestion,
        error_probability,
        (error_probability if suggested is None else suggested) + tie_break,
        outside=outside,
        few=few,
        relabel=policy.relabels,
        relabel_over=policy.relabel_over,
        **policy.relabel.options,
    )
    if policy.mode == "none":
        return decided, np.ones(len(given), dtype=np.float32)
    right = decided.right if policy.mode != "relabel" else _trust(decided)
    weigh = partial(get("weights", policy.weights.method).target, **policy.weights.options)
    return decided, weigh(decided.label, right, class_weights, max_weight=policy.max_weight)


def class_weights(shift: ShiftFindings | None, policy: Policy) -> NDArray[np.float64] | None:
    """Importance weights (K,) of the target window; None if there is none or nothing is to be reweighted."""
    if shift is None or not policy.reweighs:
        return None
    weights = np.array(shift.weights, dtype=np.float64)
    return None if (weights[weights > 0] == 1).all() else weights


def _trust(decided: Decisions) -> NDArray[np.float32]:
    """Where labels alone are treated, only rows that wait for a person count for less."""
    return np.where(decided.action == REVIEW, decided.right, np.float32(1.0)).astype(np.float32)
