"""Predictions out of sample, for tests that need some."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.probes.ridge_by_fold import RidgeByFold, TargetSums


def leave_fold_out(
    features: NDArray[np.floating],
    targets: Any,
    folds: NDArray[np.integer],
    kept: NDArray[np.bool_] | None = None,
) -> NDArray[np.float32]:
    """Predictions (N, M) of targets (N, M), dense or sparse, each row by the rows outside its fold.

    features (N, D), folds (N,); kept (N,): rows that may be learned from, all if None.
    """
    n_folds = int(folds.max(initial=0)) + 1
    seen = slice(None) if kept is None else np.flatnonzero(kept)
    sums = TargetSums.of(features[seen], targets[seen], folds[seen], n_folds)
    return RidgeByFold.fit(sums).predict(features, folds)
