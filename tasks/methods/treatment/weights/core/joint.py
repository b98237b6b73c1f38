"""Factors as one weight: their product, clipped at a stated effective sample, with a mean of 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.chosen import Chosen
from labelworks.tasks.methods.registry import get
from labelworks.tasks.methods.treatment.weights.core.rows import WeighedRows, WeightFacts

RIGHT = "right"
BINS = 4096  # of importance, on a scale of logarithms: a clip lies on one of their edges, .7 % apart
LOWEST, HIGHEST = 1e-6, 1e6
EDGES = np.geomspace(LOWEST, HIGHEST, BINS - 1)
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """Importance is clipped at `clip`, and weights are divided by `mean`, that of the whole dataset."""

    clip: float = np.inf
    mean: float = 1.0

    def weigh(self, right: NDArray[np.floating], importance: Floats) -> NDArray[np.float32]:
        """Weights (n,) of P(the label is right) (n,) and importance (n,)."""
        return np.asarray(np.minimum(importance, self.clip) * right / self.mean, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class WeightSums:
    """By bin of importance v: sums of r, r v, r² and (r v)² over rows, r = P(label right), (4, BINS)."""

    rows: int
    sums: Floats

    @classmethod
    def of(cls, right: NDArray[np.floating], importance: Floats) -> WeightSums:
        """Those of rows (n,)."""
        place = np.searchsorted(EDGES, importance)
        r = right.astype(np.float64)
        values = (r, r * importance, r * r, np.square(r * importance))
        return cls(len(r), np.stack([np.bincount(place, value, BINS) for value in values]))

    @classmethod
    def merged(cls, parts: Sequence[WeightSums]) -> WeightSums:
        """One of many, added in their order."""
        return cls(sum(part.rows for part in parts), np.sum([part.sums for part in parts], axis=0))

    def scale(self, least: float) -> Scale:
        """The highest clip that leaves an effective sample of this share of the rows, found by bisection.

        Where no clip leaves as much, as few labels are right, rows count by P(the label is right) alone.
        Effective sample: (Σ w)² / Σ w² (Kish 1965).
        """
        product = float(self.sums[1].sum())
        if not product > 0:
            return Scale()
        if self._effective(np.inf) >= least * self.rows:
            return Scale(mean=product / self.rows)
        low, high = 0, BINS - 2
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (
                (middle, high) if self._effective(EDGES[middle]) >= least * self.rows else (low, middle - 1)
            )
        clip = float(EDGES[low])
        return Scale(clip, self._clipped(clip)[0] / self.rows)

    def _effective(self, clip: float) -> float:
        total, squared = self._clipped(clip)
        return total * total / max(squared, np.finfo(float).tiny)

    def _clipped(self, clip: float) -> tuple[float, float]:
        """Σ w and Σ w² where importance is clipped on an edge of a bin."""
        below = np.append(EDGES, np.inf) <= clip
        r, rv, rr, rvrv = self.sums
        if clip == np.inf:
            return float(rv.sum()), float(rvrv.sum())
        total = rv[below].sum() + clip * r[~below].sum()
        return float(total), float(rvrv[below].sum() + clip * clip * rr[~below].sum())


def factors_of(
    rows: WeighedRows, facts: WeightFacts, factors: Sequence[Chosen]
) -> dict[str, NDArray[np.float64]]:
    """Each factor (n,) of the rows, by its name."""
    return {
        factor.method: np.asarray(
            get("weights", factor.method).target(rows, facts, **factor.options), np.float64
        )
        for factor in factors
    }


def importance(found: Mapping[str, NDArray[np.float64]], rows: int) -> Floats:
    """The product (n,) of all factors but P(the label is right), which is never clipped."""
    product = np.ones(rows)
    for name, values in found.items():
        if name != RIGHT:
            product *= values
    return product


def trust_of(found: Mapping[str, NDArray[np.float64]], rows: int) -> Floats:
    """The factor (n,) of P(the label is right); 1 where it isn't one."""
    return found.get(RIGHT, np.ones(rows))
