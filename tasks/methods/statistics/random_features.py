"""Random Fourier features: a seeded map of the rows, behind which a linear probe sees what is not linear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.statistics.float16 import single

PROJECTIONS = 384  # each gives a cosine and a sine
SEED = 0


@dataclass(frozen=True, eq=False)
class RandomFeatures:
    """Cosines and sines of random projections, whose products are a Gaussian kernel (Rahimi & Recht 2007).

    centre and scale (D,), float32: rows are (rows - centre) / scale before they are projected; a column whose
    scale is infinite is not seen. The same centre and scale are the same map, on every machine.
    """

    centre: NDArray[np.float32]
    scale: NDArray[np.float32]

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> RandomFeatures:
        """The map of what `arrays` gave, which may lie among others."""
        return cls(arrays["map.centre"], arrays["map.scale"])

    @property
    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """All of it by name, to be kept."""
        return {"map.centre": self.centre, "map.scale": self.scale}

    def same(self, other: RandomFeatures | None) -> bool:
        """Whether the other is the same map."""
        return other is not None and all(
            np.array_equal(mine, theirs)
            for mine, theirs in zip(self.arrays.values(), other.arrays.values(), strict=True)
        )

    def rows(self, features: NDArray[np.floating]) -> NDArray[np.float32]:
        """Rows (N, M) of rows (N, D); the mean square of their length is 1."""
        turned = (single(features) - self.centre) @ self._projections
        mapped = np.empty((len(turned), 2 * PROJECTIONS), np.float32)
        np.cos(turned, out=mapped[:, :PROJECTIONS])
        np.sin(turned, out=mapped[:, PROJECTIONS:])
        mapped *= np.float32(PROJECTIONS**-0.5)
        return mapped

    @cached_property
    def _projections(self) -> NDArray[np.float32]:
        """Projections (D, M / 2)."""
        drawn = np.random.default_rng(SEED).standard_normal((len(self.scale), PROJECTIONS), dtype=np.float32)
        return np.asarray(drawn / self.scale[:, None], np.float32)
