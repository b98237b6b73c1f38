"""What factors of a weight are made of: rows of a part, and facts of the whole dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.treatment.weights.core.density import DensityRatio

Cells = Mapping[tuple[str, int], float]  # mass by value of a column and class


@dataclass(frozen=True, eq=False)
class WeighedRows:
    """Rows (n,): the label to train on, P(it is right), features (n, D), values by column (n,)."""

    label: NDArray[np.int32]
    right: NDArray[np.float32]
    features: NDArray[np.floating] | None = None
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class WeightFacts:
    """Of the whole dataset: weights (K,) of the target's class mix, rows by class (K,) after treatment,
    each counted by P(its label is right); the same by value of a column; the target's density over the
    source's. None: there is no target, or nothing that a weight may be made of.
    """

    class_weights: NDArray[np.float64] | None = None
    rows_by_class: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    cells: Mapping[str, Cells] = field(default_factory=dict)
    density: DensityRatio | None = None


@dataclass(frozen=True, eq=False)
class MassSums:
    """Rows by class (K,), and by column, value and class, each counted by P(its label is right)."""

    rows_by_class: NDArray[np.float64]
    cells: Mapping[str, Cells]

    @classmethod
    def of(cls, rows: WeighedRows, classes: int, columns: Sequence[str]) -> MassSums:
        """Those of some rows."""
        right = rows.right.astype(np.float64)
        by_class = np.bincount(rows.label, right, classes).astype(np.float64)
        return cls(by_class, {name: _cells(rows.columns[name], rows.label, right) for name in columns})

    @classmethod
    def merged(cls, parts: Sequence[MassSums]) -> MassSums:
        """One of many, added in their order."""
        cells: dict[str, dict[tuple[str, int], float]] = {}
        for part in parts:
            for name, masses in part.cells.items():
                held = cells.setdefault(name, {})
                for cell, mass in masses.items():
                    held[cell] = held.get(cell, 0.0) + mass
        return cls(np.sum([part.rows_by_class for part in parts], axis=0), cells)


def as_text(values: NDArray[Any]) -> NDArray[np.str_]:
    """Values (n,) of a column as names of groups; what is missing is a group of its own."""
    return np.array(
        ["" if value is None or value != value else str(value) for value in values.tolist()], np.str_
    )


def _cells(values: NDArray[Any], label: NDArray[np.int32], right: NDArray[np.float64]) -> Cells:
    names, group = np.unique(as_text(values), return_inverse=True)
    classes = int(label.max(initial=-1)) + 1
    mass = np.bincount(group * classes + label, right, len(names) * classes)
    there = np.unique(group * classes + label)
    return {(str(names[cell // classes]), int(cell % classes)): float(mass[cell]) for cell in there.tolist()}
