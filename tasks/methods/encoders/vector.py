"""Vectors that the dataset already carries."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.tasks.methods.encoders.base import AS_GIVEN, Encoded, Encoder, State, finite_rows
from labelworks.tasks.methods.registry import register


@register("encoders", "vector", modality=("vector",), source="the dataset's own vectors")
class VectorEncoder(Encoder):
    """Takes a column of lists of numbers as it is; checks lengths and finiteness."""

    kind = "vector"
    dtype = AS_GIVEN
    own_units = True
    fit_rows = 1000
    batch_rows = 16_384

    def fit(self, values: pa.Array) -> State:
        """Find the length that most vectors of the sample have."""
        lengths = pc.list_value_length(values).drop_null().to_numpy()
        widths, counts = np.unique(lengths, return_counts=True)
        length = int(widths[np.argmax(counts)]) if len(widths) else 0
        return {"length": np.array(length)}

    def load(self, state: State) -> None:
        """Take the length that every vector must have."""
        self.length = int(state["length"])

    def encode(self, values: pa.Array) -> Encoded:
        """Take the vectors, halves as halves; a null, another length, NaN or inf is a reason for none."""
        lengths = pc.fill_null(pc.list_value_length(values), -1).to_numpy(zero_copy_only=False)
        vectors = self._right_ones(values, np.flatnonzero(lengths == self.length))
        bad = ~finite_rows(vectors)
        reasons: list[str | None] = [None] * len(values)
        for row in np.flatnonzero(bad | (lengths != self.length)).tolist():
            reasons[row] = self._reason(int(lengths[row]), vectors[row], bool(bad[row]))
        return Encoded(vectors, reasons)

    def _right_ones(self, values: pa.Array, right: NDArray[np.intp]) -> NDArray[np.floating]:
        """Vectors (N, D): those of the right length in their rows, zeros elsewhere."""
        whole = len(right) == len(values)
        flat = (values if whole else values.take(pa.array(right))).flatten()
        if not pa.types.is_float16(flat.type) or flat.null_count:
            flat = flat.cast(pa.float32(), safe=False)
        numbers: NDArray[np.floating] = flat.to_numpy(zero_copy_only=False).reshape(-1, self.length)
        if whole:
            return numbers
        vectors = np.zeros((len(values), self.length), dtype=numbers.dtype)
        vectors[right] = numbers
        return vectors

    def _reason(self, length: int, vector: NDArray[np.floating], bad: bool) -> str:
        if length == -1:
            return "null vector"
        if not bad:
            return f"vector of length {length}, most have {self.length}"
        position = int(np.flatnonzero(~np.isfinite(vector))[0])
        return f"vector has {'NaN' if np.isnan(vector[position]) else 'inf'} at position {position}"
