"""Expectations of this project's own, for Great Expectations: of labels, their noise and their weights.

`lw.ExpectPriorsWithin(column="label", priors={"a": 0.5, "b": 0.5})` goes into any suite of the library,
whatever its engine; a config names it `expect_priors_within`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from labelworks.tasks.gates.engine import imported

imported()

from great_expectations.expectations.expectation import ColumnAggregateExpectation  # noqa: E402

COUNT, ROWS = "column.non_null_count", "table.row_count"
MEAN, DEVIATION = "column.mean", "column.standard_deviation"


class ExpectPriorsWithin(ColumnAggregateExpectation):
    """Expect the classes of a column to have about given shares.

    priors: the share of each class; a class that isn't named has none. total_variation: how far the mix may
    lie from it, half the sum of the differences, from 0 to 1. each: how far the share of any one class may.
    """

    priors: Mapping[str, float]
    total_variation: float = 0.1
    each: float = 1.0

    metric_dependencies: ClassVar[tuple[str, ...]] = ("column.value_counts",)
    success_keys: ClassVar[tuple[str, ...]] = ("priors", "total_variation", "each")

    def _validate(
        self, metrics: Mapping[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        counts = {str(name): float(count) for name, count in metrics["column.value_counts"].items()}
        rows = sum(counts.values())
        if not rows:
            return {"success": False, "result": {"observed_value": "no label"}}
        priors = {str(name): share for name, share in self.priors.items()}
        apart = {
            name: counts.get(name, 0.0) / rows - priors.get(name, 0.0)
            for name in dict.fromkeys([*priors, *counts])
        }
        farthest = max(apart, key=lambda name: abs(apart[name]))
        total = sum(map(abs, apart.values())) / 2
        largest = counts.get(farthest, 0.0) / rows
        said = (
            f"total variation {total:.4g}; {farthest} has {largest:.4g}, not {priors.get(farthest, 0.0):.4g}"
        )
        success = total <= self.total_variation and abs(apart[farthest]) <= self.each
        return {"success": success, "result": {"observed_value": said}}


class ExpectNoiseRateBetween(ColumnAggregateExpectation):
    """Expect the share of wrong labels to lie in a range: the mean of a column of error probabilities.

    That is as true as these probabilities are calibrated.
    """

    min_value: float | None = None
    max_value: float | None = None

    metric_dependencies: ClassVar[tuple[str, ...]] = (MEAN,)
    success_keys: ClassVar[tuple[str, ...]] = ("min_value", "max_value")

    def _validate(
        self, metrics: Mapping[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        rate = metrics.get(MEAN)
        if rate is None or math.isnan(rate):
            return {"success": False, "result": {"observed_value": None}}
        low = 0.0 if self.min_value is None else self.min_value
        high = 1.0 if self.max_value is None else self.max_value
        return {"success": bool(low <= rate <= high), "result": {"observed_value": float(rate)}}


class ExpectEffectiveSampleSize(ColumnAggregateExpectation):
    """Expect weights to be worth so many rows of equal weight: (Σw)² / Σw² (Kish, 1965).

    min_value: how many rows; min_share: which share of the rows that have a weight.
    """

    min_value: float = 0.0
    min_share: float = 0.0

    metric_dependencies: ClassVar[tuple[str, ...]] = (MEAN, DEVIATION, COUNT)
    success_keys: ClassVar[tuple[str, ...]] = ("min_value", "min_share")

    def _validate(
        self, metrics: Mapping[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        rows, mean, deviation = int(metrics[COUNT]), metrics.get(MEAN), metrics.get(DEVIATION)
        if not rows or mean is None:
            return {"success": False, "result": {"observed_value": None}}
        spread = 0.0 if deviation is None or math.isnan(deviation) else float(deviation)
        squares = (rows - 1) * spread**2 + rows * mean**2
        size = (rows * mean) ** 2 / squares if squares else 0.0
        success = size >= self.min_value and size >= self.min_share * rows
        return {"success": bool(success), "result": {"observed_value": float(size)}}
