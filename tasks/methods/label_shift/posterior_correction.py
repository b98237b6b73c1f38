"""Posterior correction: an existing classifier's probabilities under the target's class mix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.arrays import Matrix, blocks, rows_of
from labelworks.tasks.methods.label_shift.calibration import apply
from labelworks.tasks.methods.label_shift.result import PriorEstimate


@dataclass(frozen=True)
class Corrected:
    """`posterior` (M, K) float32 under the new prior; `doubtful` (M,): the prediction lost confidence."""

    posterior: Matrix
    doubtful: NDArray[np.bool_]


@registry.register(
    "correction", "correct", needs=("target_probs", "prior"), source="Saerens 2002; filter: Lee 2023"
)
def correct(target_probs: ArrayLike, prior: PriorEstimate) -> Corrected:
    """Posteriors of target rows, reweighted by the estimated prior (Saerens 2002, eq. 4).

    target_probs: (M, K), calibrated here as the estimate was. A row is doubtful where the class predicted
    before is less probable after (the filter of Lee 2023) and surely rarer in the target: as a pseudo-label
    it should be dropped. Raises InputError.
    """
    probs = rows_of(target_probs, "target_probs")
    if probs.shape[1] != len(prior.prior):
        raise InputError(f"target_probs has {probs.shape[1]} classes and the prior {len(prior.prior)}")
    weights, posterior = prior.weights.astype(np.float32), np.empty(probs.shape, dtype=np.float32)
    rarer = prior.interval[:, 1] < prior.source_prior
    doubtful = np.zeros(len(probs), dtype=np.bool_)
    for part in blocks(*probs.shape):
        before = probs[part].astype(np.float32)
        if prior.calibration is not None:
            before = apply(prior.calibration, probs[part])
        after = before * weights
        after /= np.maximum(after.sum(axis=1, keepdims=True), np.float32(1e-30))
        posterior[part] = after
        row, best = np.arange(len(after)), before.argmax(axis=1)
        doubtful[part] = (after[row, best] < before[row, best]) & rarer[best]
    return Corrected(posterior, doubtful)
