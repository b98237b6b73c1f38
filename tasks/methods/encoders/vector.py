"""Vectors that the dataset already carries."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.tasks.methods.encoders.base import AS_GIVEN, Encoded, Encoder, State, finite_rows
from labelworks.tasks.methods.registry import register

FAR = 100  # widths of its middle half that a dimension lies from zero, for float32 to lose what differs
EXTREME = 1e12  # sizes beyond it, or below its inverse, have squares that float32 has no place for


@register("encoders", "vector", modality=("vector",), source="the dataset's own vectors")
class VectorEncoder(Encoder):
    """Takes a column of lists of numbers as it is; checks lengths and finiteness.

    Dimensions far from zero for how little they differ are moved there, in float64: distances stay the same.
    Vectors that are all very small or very large are multiplied by one power of two.
    """

    kind = "vector"
    dtype = AS_GIVEN
    revision = "3"
    own_units = True
    fit_rows = 1000
    batch_rows = 16_384

    def fit(self, values: pa.Array) -> State:
        """Find the length that most vectors of the sample have, where they lie, and how large they are."""
        lengths = pc.list_value_length(values).drop_null().to_numpy()
        widths, counts = np.unique(lengths[lengths > 0], return_counts=True)
        length = int(widths[np.argmax(counts)]) if len(widths) else 1
        own = values.filter(pc.equal(pc.list_value_length(values), length))
        centre, scale = _place(own, length)
        return {"length": np.array(length), "centre": centre, "scale": np.array(scale)}

    def load(self, state: State) -> None:
        """Take the length that every vector must have, and what they are moved and multiplied by."""
        self.length, self.centre, self.scale = int(state["length"]), state["centre"], float(state["scale"])

    def encode(self, values: pa.Array) -> Encoded:
        """Take the vectors, halves as halves; a null, another length, NaN or inf is a reason for none."""
        lengths = pc.fill_null(pc.list_value_length(values), -1).to_numpy(zero_copy_only=False)
        vectors = self._right_ones(values, np.flatnonzero(lengths == self.length))
        bad = ~finite_rows(vectors)
        reasons: list[str | None] = [None] * len(values)
        for row in np.flatnonzero(bad | (lengths != self.length) | (lengths == 0)).tolist():
            reasons[row] = self._reason(int(lengths[row]), vectors[row], bool(bad[row]), values[row])
        return Encoded(vectors, reasons)

    def _right_ones(self, values: pa.Array, right: NDArray[np.intp]) -> NDArray[np.floating]:
        """Vectors (N, D): those of the right length in their rows, zeros elsewhere."""
        whole = len(right) == len(values)
        flat = (values if whole else values.take(pa.array(right))).flatten()
        as_given = self.scale == 1 and not self.centre.any()
        held = _as_given(flat) if as_given else self._moved(flat)
        numbers = held.reshape(len(right), self.length)
        if whole:
            return numbers
        vectors = np.zeros((len(values), self.length), dtype=numbers.dtype)
        vectors[right] = numbers
        return vectors

    def _moved(self, flat: pa.Array) -> NDArray[np.floating]:
        numbers = flat.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        with np.errstate(over="ignore"):  # what fits no float32 is inf, and put aside as that
            return np.asarray((numbers.reshape(-1, self.length) - self.centre) * self.scale, np.float32)

    def _reason(self, length: int, vector: NDArray[np.floating], bad: bool, given: pa.Scalar) -> str:
        if length == -1:
            return "null vector"
        if length == 0:
            return "vector without a number"
        if not bad:
            return f"vector of length {length}, most have {self.length}"
        position = int(np.flatnonzero(~np.isfinite(vector))[0])
        number = float(given.values[position].as_py() or np.nan)
        if np.isfinite(number):
            return f"vector has {number:g} at position {position}, too large for a single float"
        return f"vector has {'NaN' if np.isnan(number) else 'inf'} at position {position}"


def _as_given(flat: pa.Array) -> NDArray[np.floating]:
    if not pa.types.is_float16(flat.type) or flat.null_count:
        flat = flat.cast(pa.float32(), safe=False)
    numbers: NDArray[np.floating] = flat.to_numpy(zero_copy_only=False)
    return numbers


def _place(values: pa.Array, length: int) -> tuple[NDArray[np.float64], float]:
    """What dimensions (D,) are moved by, and the factor that all are multiplied by."""
    flat = values.flatten().cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    rows = flat.reshape(-1, length)
    rows = rows[np.isfinite(rows).all(axis=1)]
    if not len(rows):
        return np.zeros(length), 1.0
    most = float(np.finfo(np.float32).max) * max(_size(rows), 1.0)
    rows = rows[(np.abs(rows) <= most).all(axis=1)]
    centre = _centre(rows)
    size = _size(rows - centre)
    usual = size == 0 or 1 / EXTREME <= size <= EXTREME
    return centre, 1.0 if usual else 2.0 ** min(-round(np.log2(size)), 1023)


def _size(rows: NDArray[np.float64]) -> float:
    """The largest number of a row (N, D), as it mostly is."""
    largest = np.abs(rows).max(axis=1)
    return float(np.median(largest) or largest.max())


def _centre(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """The median of dimensions (D,) that are far from zero, else 0."""
    low, middle, high = np.quantile(rows, (0.25, 0.5, 0.75), axis=0)
    return np.where((high > low) & (np.abs(middle) > FAR * (high - low)), middle, 0.0)
