"""Drift along windows in order: each against what came before, and an alarm that holds over all of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.drift.base import DriftTest, pair
from labelworks.tasks.methods.drift.classifier import Probe
from labelworks.tasks.methods.drift.frame import feed
from labelworks.tasks.methods.drift.mmd import Mmd
from labelworks.tasks.methods.drift.sequential import SequentialTest, monitor

LEAST = 30  # rows of a window that is tested


@dataclass(frozen=True)
class WindowDrift:
    """Of each window in order its test, None where it has too few rows or nothing came before it.

    sequential: the state after the last window; tests against all rows before are independent as long as
    nothing drifts (Vovk 2021).
    """

    tests: tuple[DriftTest | None, ...]
    sequential: SequentialTest | None


@registry.register("windows", "windows", needs=("features", "windows"), source="Vovk 2021, Gretton 2012")
def by_window(
    features: NDArray[np.floating],
    windows: ArrayLike,
    *,
    reference: NDArray[np.floating] | None = None,
    alpha: float = 0.05,
    state: SequentialTest | None = None,
) -> WindowDrift:
    """Test each window in order of time; the alarm bets on the same or on pooled tests.

    features (N, D) finite; windows (N,) codes 0 … W-1 in order of time, -1: in none; reference (n, D): rows
    of before, against which all windows are tested; None: each is tested against the windows before it.
    state: of an alarm that went on before. Raises InputError on bad rows.
    """
    of = np.asarray(windows)
    if features.ndim != 2 or of.shape != (len(features),) or not np.issubdtype(of.dtype, np.integer):
        raise InputError(
            f"features {features.shape} with windows {of.shape}", fix="a code for each row, -1 for none"
        )
    if reference is not None:
        reference, features = pair(reference, features)
    tests: list[DriftTest | None] = []
    for window in range(int(of.max(initial=-1)) + 1):
        rows, before = features[of == window], _before(features, of, window, reference)
        moved = between(before, rows, alpha=alpha)
        tests.append(between(reference, rows, alpha=alpha) if reference is not None else moved)
        if moved is not None:
            state = monitor(moved.p_value, state, alpha=alpha)
    return WindowDrift(tuple(tests), state)


def between(
    reference: NDArray[np.floating] | None, current: NDArray[np.floating], *, alpha: float = 0.05
) -> DriftTest | None:
    """A quick test of two windows, MMD and a ridge probe on one set of permutations; None of too few rows."""
    if reference is None or min(len(reference), len(current)) < LEAST:
        return None
    return feed(*pair(reference, current), (Mmd, Probe), "mmd, classifier").finish(alpha)


def _before(
    features: NDArray[np.floating],
    of: NDArray[np.integer],
    window: int,
    reference: NDArray[np.floating] | None,
) -> NDArray[np.floating]:
    past = features[(of >= 0) & (of < window)]
    return past if reference is None else np.concatenate([reference, past])
