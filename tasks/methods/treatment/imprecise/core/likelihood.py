"""P(what was observed | class) of rows: sparse marks and a flat part, so that no row holds every class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Marks = Any  # a sparse csr_array (n, K): what was said of a row and a class; scipy has no types for it
Rows = NDArray[np.intp] | slice


@dataclass(frozen=True)
class Likelihood:
    """P(observed | class) of n rows, each up to a factor of its own: marks @ by_mark + flat × by_class.

    marks: (n, K) sparse; by_mark (K, K): what a mark says of each class, None: of its own alone.
    flat (n,): what is said of every class alike; by_class (K,): how far, None: fully.
    """

    marks: Marks
    flat: NDArray[np.float32]
    by_mark: NDArray[np.float32] | None = None
    by_class: NDArray[np.float32] | None = None

    @classmethod
    def of_marks(cls, marks: Marks, flat: float = 0.0, **beside: Any) -> Likelihood:
        """The same flat part for every row."""
        whole = sparse.csr_array(marks, dtype=np.float32)
        return cls(whole, np.full(whole.shape[0], flat, np.float32), **beside)

    def dense(self, rows: Rows) -> NDArray[np.float32]:
        """Likelihoods (m, K) of some rows; memory of these alone."""
        part = self.marks[rows]
        said = part.toarray() if self.by_mark is None else part @ self.by_mark
        flat = self.flat[rows][:, None]
        whole = said + (flat if self.by_class is None else flat * self.by_class)
        return np.asarray(np.maximum(whole, 0), np.float32)


def class_marked(marks: Marks, missing: int) -> NDArray[np.int64]:
    """The class (n,) that each row has its first mark of; `missing` where it has none."""
    some = np.diff(marks.indptr) > 0
    marked = np.full(len(some), missing, np.int64)
    marked[some] = marks.indices[marks.indptr[:-1][some]]
    return marked
