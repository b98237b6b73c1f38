"""Actions, reasons and weights of labels that are no single class: by what is sure and what is flagged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.config.run import TreatConfig
from labelworks.tasks.methods.treatment.relabel.posterior import (
    KEEP,
    KEPT,
    RELABEL,
    RELABELLED,
    REVIEW,
    REVIEWED,
    SUSPECTED,
)


def relabels(config: TreatConfig) -> bool:
    """Whether the mode changes labels."""
    return config.mode in ("relabel", "both")


def decisions(
    sure: NDArray[np.bool_], flag: NDArray[np.bool_], config: TreatConfig
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Codes of action and reason (N,) of rows that surely change, and of those flagged."""
    unsure = flag & ~sure & relabels(config)
    action = np.select([sure, unsure], [RELABEL, REVIEW], KEEP).astype(np.int8)
    reason = np.select([sure, unsure, flag], [RELABELLED, REVIEWED, SUSPECTED], KEPT).astype(np.int8)
    return action, reason


def weights(doubt: NDArray[np.floating], config: TreatConfig) -> NDArray[np.float32]:
    """Weights (N,) by what is left in doubt (N,) after treatment."""
    reweighted = config.mode in ("reweight", "both")
    return np.asarray(1 - doubt if reweighted else np.ones(len(doubt)), np.float32)
