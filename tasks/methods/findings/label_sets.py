"""What is told of rows with several labels in order of time: whether labels go together as they did."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from labelworks.schemas.findings import ChangedPair, LabelSetFindings
from labelworks.tasks.methods.arrays import sample
from labelworks.tasks.methods.drift.calendar import Calendar
from labelworks.tasks.methods.drift.change_points import label_correlation

LABELS = 30  # the most frequent ones, whose correlations are compared
ROWS = 1000  # of a window, and of those before it
LEAST = 30  # rows of a window that is tested


def label_set_windows(
    windows: Calendar, sets: sparse.csr_array, of: NDArray[np.int64], classes: Sequence[str | int]
) -> LabelSetFindings | None:
    """Correlations of labels in each of W windows against those before it, and the pair that changed most.

    sets (N, K): 0 or 1; of (N,): the window of each row, -1: in none. None of fewer than two windows.
    """
    if len(windows.names) < 2:
        return None
    shown = np.sort(np.argsort(-sets.sum(axis=0), kind="stable")[:LABELS])
    frequent = sets[:, shown]
    names = [str(classes[k]) for k in shown]
    tested = [
        _against(frequent, np.flatnonzero((of >= 0) & (of < place)), np.flatnonzero(of == place), names)
        for place in range(len(windows.names))
    ]
    return LabelSetFindings(
        by=windows.by,
        windows=tuple(windows.names),
        rows=np.bincount(of[of >= 0], minlength=len(windows.names)).tolist(),
        labels=tuple(
            float(sets[of == place].sum() / max((of == place).sum(), 1)) for place in range(len(tested))
        ),
        p_value=tuple(None if test is None else test[0] for test in tested),
        changed=tuple(None if test is None else test[1] for test in tested),
    )


def _against(
    sets: sparse.csr_array, before: NDArray[np.intp], now: NDArray[np.intp], names: list[str]
) -> tuple[float, ChangedPair] | None:
    """The p-value of a window, and the pair whose correlation moved most; None of too few rows."""
    if min(len(before), len(now)) < LEAST or len(names) < 2:
        return None
    first, second = (sets[rows[sample(len(rows), ROWS)]].toarray() for rows in (before, now))
    correlations = label_correlation(first, second)
    upper = np.triu(np.abs(correlations.change), 1)
    one, other = divmod(int(np.argmax(upper)), len(names))
    changed = ChangedPair(
        labels=(names[one], names[other]), by=round(float(correlations.change[one, other]), 5)
    )
    return correlations.p_value, changed
