"""Importance weights of label shift, times the probability that the label is right."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.registry import register


@register("weights", "importance", needs=("prior", "posterior"), source="Lipton 2018; Liu & Tao 2016")
def importance(
    label: NDArray[np.int32],
    right: NDArray[np.float32],
    class_weights: NDArray[np.float64] | None,
    *,
    max_weight: float,
) -> NDArray[np.float32]:
    """Weigh rows (N,): class_weights (K,) are target over source prior (None: no shift), clipped above."""
    shift = 1.0 if class_weights is None else np.minimum(class_weights, max_weight)[label]
    return np.asarray(shift * right, dtype=np.float32)
