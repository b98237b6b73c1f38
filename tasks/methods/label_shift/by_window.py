"""The prior of each of several target windows, by one calibration of the classifier that they share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.label_shift.calibration import calibrate
from labelworks.tasks.methods.label_shift.em import expectation_maximisation
from labelworks.tasks.methods.label_shift.estimator import estimated
from labelworks.tasks.methods.label_shift.inputs import Windows, check
from labelworks.tasks.methods.label_shift.result import Calibration, PriorEstimate

LEAST = 30  # rows of a window whose prior is estimated


@registry.register(
    "windows",
    "prior-windows",
    needs=("labels", "probs", "target_probs", "windows"),
    source="Saerens 2002, Alexandari 2020",
)
def prior_by_window(
    labels: ArrayLike,
    probs: ArrayLike,
    target_probs: ArrayLike,
    windows: ArrayLike,
    *,
    noise_transition: ArrayLike | None = None,
) -> list[PriorEstimate | None]:
    """EM on bias-corrected temperatures in each window; None of windows of fewer than 30 rows.

    labels (N,), probs (N, K) out-of-sample; target_probs (M, K); windows (M,) codes 0 … W-1, -1: in none.
    Raises InputError on bad rows.
    """
    whole, of = check(labels, probs, target_probs, noise_transition), np.asarray(windows)
    if of.shape != (len(whole.target),) or not np.issubdtype(of.dtype, np.integer):
        raise InputError(
            f"windows has shape {of.shape}", fix="a code for each row of the target, -1 for none"
        )
    calibrations: list[Calibration] = []  # one, of the labelled rows that all windows share

    def likeliest(part: Windows) -> PriorEstimate:
        if not calibrations:
            calibrations.append(calibrate(part, "bcts"))
        return expectation_maximisation(part, "prior-windows", "bcts", calibrations[0])

    estimates: list[PriorEstimate | None] = []
    for window in range(int(of.max(initial=-1)) + 1):
        rows = np.flatnonzero(of == window)
        if len(rows) < LEAST:
            estimates.append(None)
            continue
        estimates.append(estimated(replace(whole, target=whole.target[rows]), likeliest))
    return estimates
