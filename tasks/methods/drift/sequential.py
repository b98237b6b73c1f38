"""A drift test that may be looked at after every batch: its false alarms stay below alpha over all looks."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.arrays import Floats, check_alpha

BETS = (0.1, 0.25, 0.5, 0.75)


@dataclass(frozen=True)
class SequentialTest:
    """State of a sequential test: wealth of each bet (J,), looks so far, and when it first rang."""

    wealth: Floats
    looks: int = 0
    alarm: int | None = None

    @property
    def e_value(self) -> float:
        """Average wealth: without drift it exceeds 1 / alpha with probability alpha at most (Ville)."""
        return float(self.wealth.mean())

    @property
    def p_value(self) -> float:
        """An upper bound that holds whenever one looks."""
        return min(1.0, 1 / max(self.e_value, 1e-300))


@registry.register("windows", "sequential", needs=("p_value",), source="Shafer 2021, Vovk 2021")
def monitor(p_value: float, state: SequentialTest | None = None, *, alpha: float = 0.05) -> SequentialTest:
    """Bet against no drift with the p-value of a new batch, independent of the batches before.

    Each bet multiplies its wealth by k · p^(k − 1), whose mean is at most 1 under no drift; several exponents
    are averaged. Raises InputError unless 0 <= p_value <= 1.
    """
    if not 0 <= p_value <= 1:
        raise InputError(f"p_value is {p_value}", fix="give a number between 0 and 1")
    check_alpha(alpha)
    before = state or SequentialTest(np.ones(len(BETS)))
    bets = np.array(BETS)
    wealth = before.wealth * bets * max(p_value, 1e-12) ** (bets - 1)
    after = replace(before, wealth=wealth, looks=before.looks + 1)
    if after.alarm is None and after.e_value >= 1 / alpha:
        return replace(after, alarm=after.looks)
    return after


def monitored(p_values: ArrayLike, *, alpha: float = 0.05) -> SequentialTest:
    """The state after a whole series of batches."""
    state: SequentialTest | None = None
    for p_value in np.asarray(p_values, dtype=np.float64):
        state = monitor(float(p_value), state, alpha=alpha)
    if state is None:
        raise InputError("there are no batches to watch")
    return state
