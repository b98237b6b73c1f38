"""Class mixes of labelled windows as their true labels have it: the noise taken out of counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.arrays import Floats
from labelworks.tasks.methods.label_shift.inputs import transition
from labelworks.tasks.methods.label_shift.result import normal_interval

STEPS = 500
TOLERANCE = 1e-7


@dataclass(frozen=True)
class TrueMix:
    """`prior` (W, K): shares of the true classes in each window; `interval` (W, K, 2) at 95 %."""

    prior: Floats
    interval: Floats


@registry.register("windows", "true-mix", needs=("counts", "noise_transition"), source="Richardson 1972")
def true_mix(counts: ArrayLike, noise_transition: ArrayLike) -> TrueMix:
    """Maximum likelihood of the true shares, given how many rows bear each label in each window.

    counts (W, K) of given labels, sums of parts add up; noise_transition (K, K), P(given | true). EM on the
    histograms; the interval is that of the counts, carried through the inverse. Raises InputError.
    """
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim != 2 or not np.isfinite(table).all() or (table < 0).any() or (table.sum(axis=1) <= 0).any():
        raise InputError(
            "a window is empty or negative", fix="counts (windows, classes), every window with rows"
        )
    T = transition(noise_transition, table.shape[1])
    if T is None:
        raise InputError("there is no noise_transition", fix="give the identity where labels are right")
    rows = table.sum(axis=1, keepdims=True)
    seen = table / rows
    prior = _maximise(seen, T)
    inverse = np.linalg.pinv(T)
    expected = prior @ T
    variance = expected @ inverse**2 - (expected @ inverse) ** 2
    spread = np.sqrt(np.maximum(variance, 0) / rows)
    ends = [normal_interval(one, error) for one, error in zip(prior, spread, strict=True)]
    return TrueMix(prior, np.stack(ends))


def _maximise(seen: Floats, T: Floats) -> Floats:
    prior = np.full_like(seen, 1 / seen.shape[1])
    for _ in range(STEPS):
        again = prior * ((seen / np.maximum(prior @ T, 1e-300)) @ T.T)
        moved = float(np.abs(again - prior).max())
        prior = again
        if moved < TOLERANCE:
            break
    return np.asarray(prior / prior.sum(axis=1, keepdims=True))
