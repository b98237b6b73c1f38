"""Actions, reasons and weights of labels that are no single class: by what is sure and what is flagged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.treatment.decisions import (
    KEEP,
    KEPT,
    RELABEL,
    RELABELLED,
    REVIEW,
    REVIEWED,
    SUSPECTED,
)
from labelworks.tasks.methods.treatment.policy import Policy


def decisions(
    sure: NDArray[np.bool_], flag: NDArray[np.bool_], policy: Policy
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Codes of action and reason (N,) of rows that surely change, and of those flagged."""
    unsure = flag & ~sure & policy.relabels
    action = np.select([sure, unsure], [RELABEL, REVIEW], KEEP).astype(np.int8)
    reason = np.select([sure, unsure, flag], [RELABELLED, REVIEWED, SUSPECTED], KEPT).astype(np.int8)
    return action, reason


def weights(doubt: NDArray[np.floating], policy: Policy) -> NDArray[np.float32]:
    """Weights (N,) by what is left in doubt (N,) after treatment."""
    return np.asarray(1 - doubt if policy.reweighs else np.ones(len(doubt)), np.float32)
