"""Rows that are all at hand, weighed: what a treatment of arrays, and the proof of one, does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.treatment.policy import Policy
from labelworks.tasks.methods.treatment.weights.core.joint import (
    Scale,
    WeightSums,
    factors_of,
    importance,
    trust_of,
)
from labelworks.tasks.methods.treatment.weights.core.rows import MassSums, WeighedRows, WeightFacts


@dataclass(frozen=True, eq=False)
class Weights:
    """Weights (n,) of rows, their factors (n,) by name, and the scale of the dataset."""

    weight: NDArray[np.float32]
    factors: Mapping[str, NDArray[np.float64]]
    scale: Scale


def weigh(rows: WeighedRows, facts: WeightFacts, policy: Policy, scale: Scale | None = None) -> Weights:
    """Weigh rows (n,) by the policy's factors; scale: the dataset's, None where the rows are all of it."""
    factors = factors_of(rows, facts, policy.factors)
    product, trust = importance(factors, len(rows.label)), trust_of(factors, len(rows.label))
    if scale is None:
        scale = WeightSums.of(trust, product).scale(policy.min_effective_share)
    return Weights(scale.weigh(trust, product), factors, scale)


def weigh_all(rows: WeighedRows, facts: WeightFacts, policy: Policy) -> Weights:
    """Weigh a whole dataset, whose masses by class and by group are not counted yet."""
    classes = max(len(facts.rows_by_class), int(rows.label.max(initial=-1)) + 1)
    masses = MassSums.of(rows, classes, policy.columns)
    facts = replace(facts, rows_by_class=masses.rows_by_class, cells=masses.cells)
    return weigh(rows, facts, policy)
