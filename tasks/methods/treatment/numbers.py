"""From what looks far off or exchanged to treated numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.arrays import hashes
from labelworks.tasks.methods.treatment.by_flag import decisions, weights
from labelworks.tasks.methods.treatment.claims import BELOW_FLOAT32, JudgedLabels
from labelworks.tasks.methods.treatment.cut import Cut
from labelworks.tasks.methods.treatment.policy import Policy


@dataclass(frozen=True, eq=False)
class TreatedNumbers:
    """Rows (N,) treated: labels; codes of action and reason; weight."""

    labels: NDArray[np.float64]
    action: NDArray[np.int8]
    reason: NDArray[np.int8]
    weight: NDArray[np.float32]


def number_claims(
    given: NDArray[np.float64],
    suggestion: NDArray[np.float64],
    suggested: NDArray[np.float32],
    error: NDArray[np.float32],
    flag: NDArray[np.bool_],
) -> JudgedLabels:
    """What is claimed of numbers (N,): only one that was exchanged may change.

    suggested (N,): P(the suggestion is right), 0 where it is a prediction, which is no measurement. Two that
    were exchanged are as sure and hash alike, so that a budget takes both or neither.
    """
    swapped = (suggested > 0).astype(np.int32)
    both = np.sort(np.stack([given, suggestion]), axis=0).astype(np.float64).view(np.uint64)
    with np.errstate(over="ignore"):
        ties = hashes(both[0] + hashes(both[1])).astype(np.float64) * BELOW_FLOAT32
    none = np.zeros(len(given), np.int32)
    return JudgedLabels(none, flag, swapped, error, suggested, suggested, tie_break=ties)


def treat_numbers(
    given: NDArray[np.float64],
    suggestion: NDArray[np.float64],
    claims: JudgedLabels,
    cut: Cut,
    policy: Policy,
) -> TreatedNumbers:
    """Two that look exchanged get each other's number, by the cut; any other suspicion goes to review."""
    sure = claims.changeable & cut.allows(claims) & policy.relabels
    action, reason = decisions(sure, claims.flag, policy)
    doubt = np.where(sure, np.float32(0), claims.error_probability)
    return TreatedNumbers(np.where(sure, suggestion, given), action, reason, weights(doubt, policy))
