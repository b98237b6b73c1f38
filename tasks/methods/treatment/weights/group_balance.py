"""How few rows the group of a row has within its class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.treatment.weights.core.rows import WeighedRows, WeightFacts, as_text


@register("weights", "group-balance", needs=("counts", "column"), source="Idrissi 2022")
def group_balance(rows: WeighedRows, facts: WeightFacts, *, column: str = "") -> NDArray[np.float64]:
    """Weights by which each value of a column has as much of every class that it has rows of.

    They leave what a class counts for: with class-balance beside it, all groups of all classes count alike.
    """
    cells = facts.cells[column]
    of_class: dict[int, list[float]] = {}
    for (_, label), mass in cells.items():
        of_class.setdefault(label, []).append(mass)
    weight = {
        (group, label): sum(of_class[label]) / (len(of_class[label]) * max(mass, 1.0))
        for (group, label), mass in cells.items()
    }
    names = as_text(rows.columns[column]).tolist()
    return np.array([weight.get(cell, 1.0) for cell in zip(names, rows.label.tolist(), strict=True)])
