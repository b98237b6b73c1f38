"""From what looks far off or exchanged to treated numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.treatment.by_flag import decisions, weights
from labelworks.tasks.methods.treatment.policy import Policy


@dataclass(frozen=True, eq=False)
class TreatedNumbers:
    """Rows (N,) treated: labels; codes of action and reason; weight."""

    labels: NDArray[np.float64]
    action: NDArray[np.int8]
    reason: NDArray[np.int8]
    weight: NDArray[np.float32]


def treat_numbers(
    given: NDArray[np.float64],
    suggestion: NDArray[np.float64],
    suggested: NDArray[np.float32],
    error: NDArray[np.float32],
    flag: NDArray[np.bool_],
    policy: Policy,
) -> TreatedNumbers:
    """Two rows whose numbers look exchanged get each other's; any other suspicion goes to review.

    suggested (N,): P(the suggestion is right), 0 where it is a prediction, which is no measurement.
    """
    sure = flag & (suggested >= policy.alone) & (suggested > 0) & policy.relabels
    action, reason = decisions(sure, flag, policy)
    doubt = np.where(sure, np.float32(0), error)
    return TreatedNumbers(np.where(sure, suggestion, given), action, reason, weights(doubt, policy))
