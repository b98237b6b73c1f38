"""How much denser the target window is where a row lies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.treatment.weights.core.rows import WeighedRows, WeightFacts


@register("weights", "covariates", needs=("features", "target"), source="Bickel 2009")
def covariates(rows: WeighedRows, facts: WeightFacts) -> NDArray[np.float64]:
    """Density of the target over that of the source; 1 where no covariates moved, or nothing tells."""
    if facts.density is None or rows.features is None:
        return np.ones(len(rows.label))
    return facts.density.of(rows.features)
