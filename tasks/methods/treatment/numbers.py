"""From what looks far off or exchanged to treated numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.config.run import TreatConfig
from labelworks.tasks.methods.treatment.by_flag import decisions, relabels, weights


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
    config: TreatConfig,
) -> TreatedNumbers:
    """Two rows whose numbers look exchanged get each other's; any other suspicion goes to review.

    suggested (N,): P(the suggestion is right), 0 where it is a prediction, which is no measurement.
    """
    sure = flag & (suggested >= config.relabel_over) & (suggested > 0) & relabels(config)
    action, reason = decisions(sure, flag, config)
    doubt = np.where(sure, np.float32(0), error)
    return TreatedNumbers(np.where(sure, suggestion, given), action, reason, weights(doubt, config))
