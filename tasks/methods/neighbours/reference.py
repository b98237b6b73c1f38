"""The neighbours of any row among the rows of a sample: what a run has where not all rows are at hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.neighbours.cosine import Reference, credibility

NEAREST = 10


@dataclass(frozen=True)
class Neighbourhood:
    """Rows of a sample: reference (M, D), labels (M,), weights (M,), how far each label is to be believed."""

    reference: Reference
    labels: NDArray[np.int32]
    weights: NDArray[np.float32]

    @classmethod
    def of(cls, features: NDArray[np.floating], labels: NDArray[np.int32]) -> Neighbourhood:
        """Take rows (M, D) with labels (M,); raise InputError where there are too few."""
        if len(labels) <= NEAREST:
            raise InputError(
                f"{len(labels)} rows have no {NEAREST} neighbours", fix="give more rows, or another method"
            )
        reference = Reference.of(features)
        weights = credibility(labels, labels[reference.near(features, NEAREST)])
        return cls(reference, labels, weights)

    def beside(self, features: NDArray[np.floating], names: Iterable[str]) -> dict[str, NDArray[np.generic]]:
        """`neighbour_labels` and `neighbour_weights` (n, k), as far as named, of rows (n, D)."""
        near = self.reference.near(features, NEAREST)
        known = {"neighbour_labels": self.labels, "neighbour_weights": self.weights}
        return {name: known[name][near] for name in names}
