"""Bags of rows of which the class proportions are known, and no row's class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.treatment.imprecise.core.likelihood import Marks

STEPS, CLOSE = 100, 1e-4
FLOOR = 1e-9  # of a probability: no class of the bag is ruled out by the probes alone


@register("label_kind", "bags", needs=("bags", "pred_probs"), source="Dulac-Arnold 2019; Sinkhorn 1967")
def bags(marks: Marks, bags: NDArray[np.integer], pred_probs: NDArray[np.floating]) -> NDArray[np.float32]:
    """Posterior (n, K) of least divergence from pred_probs (n, K) that has each bag's proportions (Sinkhorn).

    marks: the proportions of a row's bag, the same on each of its rows. bags (n,): which bag; all rows of a
    bag must be there. Raises InputError where rows of one bag tell different proportions.
    """
    _, bag = np.unique(bags, return_inverse=True)
    size = np.bincount(bag).astype(np.float64)
    member = sparse.csr_array((np.ones(len(bag)), (bag, np.arange(len(bag)))), shape=(len(size), len(bag)))
    wanted = _counts(marks, member, bag, size)
    posterior = np.maximum(np.asarray(pred_probs, np.float64), FLOOR)
    for _ in range(STEPS):
        shares = member @ posterior
        posterior *= (wanted / np.maximum(shares, FLOOR**2))[bag]
        total = posterior.sum(axis=1, keepdims=True)
        posterior /= total
        if abs(total - 1).max() < CLOSE:
            break
    return posterior.astype(np.float32)


def _counts(
    marks: Marks, member: Marks, bag: NDArray[np.intp], size: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Rows of each class in each bag (B, K), whole or not."""
    shares = marks.toarray().astype(np.float64)
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), FLOOR)
    mean = (member @ shares) / size[:, None]
    apart = np.abs(shares - mean[bag]).max(axis=1) > 1e-3
    if apart.any() or (shares.sum(axis=1) == 0).any():
        row = int(np.argmax(apart | (shares.sum(axis=1) == 0)))
        raise InputError(
            "rows of one bag tell different proportions of the classes, or none",
            where=f"row {row}",
            fix="give each row the proportions of its whole bag",
        )
    return np.asarray(mean * size[:, None])
