"""What the noise of label sets says of a dataset, by sums over its rows that can be added."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse


@dataclass(frozen=True)
class CellSums:
    """Over rows: how many, how many flagged, labels given, missing, extra; sums of squares and products.

    A row's wrong labels are those missing and those extra; its labels in all those given and those missing.
    """

    rows: int
    flagged: int
    given: int
    missing: int
    extra: int
    wrong_squared: float
    crossed: float
    labels_squared: float

    @classmethod
    def of(cls, given: sparse.csr_array, missing: sparse.csr_array, extra: sparse.csr_array) -> CellSums:
        """Sum up rows: binary given (N, K), suspicious cells (N, K)."""
        lacks, has, there = (np.diff(matrix.indptr).astype(np.float64) for matrix in (missing, extra, given))
        wrong, labels = lacks + has, there + lacks
        return cls(
            len(there), int(np.count_nonzero(wrong)), int(there.sum()), int(lacks.sum()), int(has.sum()),
            float(wrong @ wrong), float(wrong @ labels), float(labels @ labels),
        )  # fmt: skip

    def __add__(self, other: CellSums) -> CellSums:
        return CellSums(
            *(getattr(self, field_of.name) + getattr(other, field_of.name) for field_of in fields(self))
        )

    @property
    def rate(self) -> tuple[float, tuple[float, float]]:
        """Share of wrong labels, with the 95 % interval of a ratio of sums over rows (Cochran 1977)."""
        total = max(self.given + self.missing, 1)
        rate = (self.missing + self.extra) / total
        square = self.wrong_squared - 2 * rate * self.crossed + rate**2 * self.labels_squared
        spread = 1.96 * float(np.sqrt(max(square, 0.0))) / total
        return rate, (max(rate - spread, 0.0), min(rate + spread, 1.0))


def cell_agreement(given: sparse.csr_array, probs: NDArray[np.float32]) -> dict[str, Any]:
    """Of as many likeliest cells (N, K) as labels are given, the share that was given; what it is by chance.

    By chance: as many cells of each class, of any rows.
    """
    count = given.nnz
    likeliest = np.argpartition(probs.ravel(), -count)[-count:] if 0 < count < probs.size else np.arange(0)
    row, column = np.divmod(likeliest, probs.shape[1])
    share = float(np.asarray(given[row, column]).ravel().mean()) if len(likeliest) else 0.0
    named = np.bincount(column, minlength=probs.shape[1]) / max(len(likeliest), 1)
    of_class = np.asarray(given.sum(axis=0), np.float64).ravel()
    by_chance = float(named @ of_class) / max(given.shape[0], 1)
    return {
        "out_of_sample_accuracy": share,
        "chance_accuracy": by_chance,
        "accuracy_over_chance": share - by_chance,
    }
