"""How much more frequent the class of a row is in the target window."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.treatment.weights.core.rows import WeighedRows, WeightFacts


@register("weights", "label-shift", needs=("prior",), source="Lipton 2018")
def label_shift(rows: WeighedRows, facts: WeightFacts) -> NDArray[np.float64]:
    """Target over source prior, by class: both are those of the true classes, the noise taken out."""
    if facts.class_weights is None:
        return np.ones(len(rows.label))
    return np.asarray(facts.class_weights[rows.label], dtype=np.float64)
