"""How few rows the class of a row has, by effective number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.treatment.weights.core.rows import WeighedRows, WeightFacts


@register("weights", "class-balance", needs=("counts",), source="Cui 2019")
def class_balance(rows: WeighedRows, facts: WeightFacts, *, beta: float = 0.999) -> NDArray[np.float64]:
    """One over the effective number of rows of the class, (1 - β) / (1 - β^n), of mean 1 over the rows.

    beta: 0 weighs all classes' rows alike, 1 all classes. n counts a row by P(its label is right).
    """
    if not 0 <= beta <= 1:
        raise ConfigError(f"beta is {beta!r}", where="class-balance", fix="a number from 0 to 1")
    count = np.maximum(facts.rows_by_class, 1e-9)
    effective = count if beta == 1 else (1 - beta ** np.maximum(count, 1.0)) / (1 - beta)
    weights = 1 / effective
    return np.asarray(weights / (weights @ count / count.sum()))[rows.label]
