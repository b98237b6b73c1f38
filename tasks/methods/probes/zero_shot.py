"""Class names as a probe: the cosine of a row with the name of each class, no label seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.quality.hubness import attraction
from labelworks.tasks.methods.registry import register


@dataclass(frozen=True)
class ClassNames:
    """Encoded class names (K, D), and rows (B, D) that hubs among them are measured by, or None."""

    vectors: NDArray[np.floating]
    bank: NDArray[np.floating] | None = None


@register("probes", "zero-shot", needs=("class_names",), source="Radford 2021; query bank: Bogolin 2022")
def zero_shot_probe(names: ClassNames) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Zero-shot probabilities as a probe: weights (D, K), the unit vectors of the names, intercepts (K,).

    Of rows of unit length, as text and CLIP encoders give them, these are cosines; the ensemble fits their
    temperature as it does that of every probe. With a query bank, a name that attracts every row gets less.
    """
    weights = _unit(names.vectors).T
    if names.bank is None:
        return weights, np.zeros(weights.shape[1])
    return weights, -attraction(_unit(names.bank) @ weights)


def _unit(rows: NDArray[np.floating]) -> NDArray[np.float64]:
    values = np.asarray(rows, dtype=np.float64)
    return np.asarray(values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12))
