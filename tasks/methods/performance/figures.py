"""What a confusion of true and predicted classes says of a model: accuracy, precision, recall, F1, value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labelworks.tasks.methods.arrays import Floats

ONE_ROW = 0.5  # of a class, expected or predicted: with less of both it has no part in a macro average
ENDS = (0.025, 0.975)


@dataclass(frozen=True)
class Bounded:
    """A figure and its 95 % interval; NaN where there is nothing to tell it by."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class ClassFigures:
    """A figure of each class, (K,), and its 95 % interval, (K, 2)."""

    values: Floats
    interval: Floats


@dataclass(frozen=True, eq=False)
class Figures:
    """Of one confusion: `overall` by name; `by_class` (K,) by name, NaN where undefined."""

    overall: dict[str, float]
    by_class: dict[str, Floats]


def figures_of(confusion: Floats, rows: int, value: Floats | None = None) -> Figures:
    """Figures of a confusion (K, K) of shares, rows = true, columns = predicted; of so many rows.

    value (K, K): what a row of a true class (row) is worth that is predicted as another (column).
    A class that is expected and predicted in less than half a row has no part in macro averages.
    """
    hits, true, predicted = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    there = np.maximum(true, predicted) * rows >= ONE_ROW
    by_class = {
        "precision": _share(hits, predicted),
        "recall": _share(hits, true),
        "f1": _share(2 * hits, true + predicted),
    }
    overall = {"accuracy": float(hits.sum())}
    for name, values in by_class.items():
        overall[f"macro_{name}"] = float(np.nan_to_num(values[there]).mean()) if there.any() else np.nan
    if value is not None:
        overall["value"] = float((confusion * value).sum())
    return Figures(overall, by_class)


def bounded(found: Figures, drawn: list[Figures]) -> tuple[dict[str, Bounded], dict[str, ClassFigures]]:
    """Each figure with the interval that draws of the confusion give it; it always holds the figure."""
    overall = {
        name: Bounded(value, *map(float, _ends(np.array([draw.overall[name] for draw in drawn]), value)))
        for name, value in found.overall.items()
    }
    by_class = {
        name: ClassFigures(values, _ends(np.stack([draw.by_class[name] for draw in drawn]), values).T)
        for name, values in found.by_class.items()
    }
    return overall, by_class


def _ends(drawn: Floats, value: Floats | float) -> Floats:
    known = np.where(np.isfinite(drawn), drawn, np.asarray(value))
    low, high = np.quantile(known, ENDS, axis=0, method="weibull")
    return np.stack([np.fmin(low, value), np.fmax(high, value)])


def _share(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)
