"""How likely it was that a row came into the dataset."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.treatment.weights.core.rows import WeighedRows, WeightFacts


@register("weights", "propensity", needs=("target", "features"), uses=("column",), source="Horvitz 1952")
def propensity(rows: WeighedRows, facts: WeightFacts, *, column: str = "") -> NDArray[np.float64]:
    """One over the propensity: of a column that holds it, or estimated.

    Estimated it is P(a row is of the source) among the rows of source and target, by the classifier of the
    two: for a target that the source was drawn from by what its rows look like. Without one it is 1.
    """
    if column:
        given = rows.columns[column].astype(np.float64)
        bad = ~((given > 0) & (given <= 1))
        if bad.any():
            row = int(bad.argmax())
            raise InputError(
                f"a propensity is {given[row]:g}", where=f"column {column!r}", fix="a number in (0, 1] a row"
            )
        return np.asarray(1 / given)
    if facts.density is None or rows.features is None:
        return np.ones(len(rows.label))
    return np.asarray(1 / facts.density.source_share(rows.features))
