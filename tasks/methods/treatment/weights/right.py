"""P(the label is right)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.treatment.weights.core.rows import WeighedRows, WeightFacts


@register("weights", "right", needs=("posterior",), source="Liu & Tao 2016")
def right(rows: WeighedRows, facts: WeightFacts) -> NDArray[np.float64]:
    """P(the label after treatment is right)."""
    return rows.right.astype(np.float64)
