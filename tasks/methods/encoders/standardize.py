"""Several columns of numbers as one vector: each in units of its own spread."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.encoders.base import Encoded, Encoder, State
from labelworks.tasks.methods.registry import register

SHOWN = 5  # columns that a message names


@register("encoders", "standardize", modality=("columns",), source="z-scores; missing-indicator, Cohen 1968")
class StandardizeEncoder(Encoder):
    """Centres each column and divides it by its standard deviation; one more dimension says what is missing.

    A missing number (null, NaN) takes the column's mean, which is 0; of a column where any is missing in the
    sample that the encoder is fitted on, a further dimension is 1 for such a row. A column that is constant
    in the sample says nothing and is left out.
    """

    kind = "columns"
    dtype = "float32"
    fit_rows = 5000
    batch_rows = 16_384

    def fit(self, values: pa.Array) -> State:
        """Find mean and spread of each column of a sample, and in which a number is missing."""
        numbers = matrix(values)
        known = np.isfinite(numbers)
        size = _powers(np.where(known, np.abs(numbers), 0.0).max(axis=0, initial=0.0))
        units, count = np.where(known, numbers, 0.0) / size, np.maximum(known.sum(axis=0), 1)
        mean = units.sum(axis=0) / count
        spread = np.sqrt((np.where(known, units - mean, 0.0) ** 2).sum(axis=0) / count)
        varies, missing = spread > np.abs(mean) * np.finfo(float).eps, np.isnan(numbers).any(axis=0)
        if not (varies | missing).any():
            raise nothing_differs(values.type.names)
        return {"mean": mean * size, "spread": spread * size, "told": varies, "missing": missing}

    def load(self, state: State) -> None:
        """Take mean and spread of each column."""
        self.mean, self.spread = state["mean"], state["spread"]
        self.told, self.missing = state["told"], state["missing"]

    def encode(self, values: pa.Array) -> Encoded:
        """Standardise a batch (N rows of a struct); nothing known, or an infinite number, is a reason."""
        numbers = matrix(values)
        gaps, endless = np.isnan(numbers), np.isinf(numbers)
        known = np.where(gaps | endless, self.mean, numbers)[:, self.told]
        with np.errstate(over="ignore"):
            scaled = ((known - self.mean[self.told]) / self.spread[self.told]).astype(np.float32)
        vectors = np.hstack([scaled, gaps[:, self.missing].astype(np.float32)])
        reasons: list[str | None] = [None] * len(numbers)
        for row in np.flatnonzero(gaps.all(axis=1) | endless.any(axis=1)).tolist():
            reasons[row] = _reason(values.type, endless[row])
            vectors[row] = 0
        return Encoded(vectors, reasons)


def nothing_differs(names: list[str]) -> InputError:
    """What is said where each of some columns has one value in all rows."""
    return InputError(
        f"no column of the features differs between rows: {', '.join(names[:SHOWN])}",
        fix="name others in dataset.features.columns, or look at how these were made",
    )


def _powers(largest: NDArray[np.float64]) -> NDArray[np.float64]:
    """Powers of two near numbers (D,): what is divided by them can be squared."""
    _, exponents = np.frexp(largest)
    return np.asarray(np.ldexp(1.0, np.clip(exponents, -1000, 1000)))


def matrix(values: pa.Array) -> NDArray[np.float64]:
    """The numbers (N, D) of a struct's fields, NaN where one is null."""
    columns = [column.cast(pa.float64(), safe=False) for column in values.flatten()]
    return np.stack([column.to_numpy(zero_copy_only=False) for column in columns], axis=1)


def _reason(kind: pa.DataType, endless: NDArray[np.bool_]) -> str:
    if endless.any():
        return f"column {kind.field(int(endless.argmax())).name!r} is infinite"
    return "null in all columns of the features"
