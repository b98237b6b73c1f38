"""Bags of rows of which the class proportions are known, and no row's class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.treatment.imprecise.core.likelihood import Marks

STEPS, CLOSE = 100, 1e-4
APART = 1e-3  # that shares of a bag's rows may differ
FLOOR = 1e-9  # of a probability: no class of the bag is ruled out by the probes alone


@register("label_kind", "bags", needs=("bags", "pred_probs"), source="Dulac-Arnold 2019; Sinkhorn 1967")
def bags(marks: Marks, bags: NDArray[np.integer], pred_probs: NDArray[np.floating]) -> NDArray[np.float32]:
    """Posterior (n, K) of least divergence from pred_probs (n, K) that has each bag's proportions (Sinkhorn).

    marks: the proportions of a row's bag, the same on each of its rows. bags (n,): which bag; all rows of a
    bag must be there. Raises InputError where rows of one bag tell different proportions.
    """
    if uneven(marks, bags).any():
        raise InputError(
            "rows of one bag tell different proportions of the classes, or none",
            where="bags",
            fix="give each row the proportions of its whole bag",
        )
    bag, member = _members(bags)
    wanted = np.asarray(member @ _shares(marks))
    posterior = np.maximum(np.asarray(pred_probs, np.float64), FLOOR)
    for _ in range(STEPS):
        shares = member @ posterior
        posterior *= (wanted / np.maximum(shares, FLOOR**2))[bag]
        total = posterior.sum(axis=1, keepdims=True)
        posterior /= total
        if abs(total - 1).max() < CLOSE:
            break
    return posterior.astype(np.float32)


def uneven(marks: Marks, bags: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Which rows (n,) are of a bag whose rows tell different proportions of the classes, or none."""
    bag, member = _members(bags)
    shares = _shares(marks)
    mean = (member @ shares) / np.bincount(bag)[:, None]
    apart = (np.abs(shares - mean[bag]).max(axis=1, initial=0.0) > APART) | (shares.sum(axis=1) == 0)
    return np.asarray((member @ apart)[bag] > 0)


def _members(bags: NDArray[np.integer]) -> tuple[NDArray[np.intp], Marks]:
    """The place of each row's bag (n,), and which rows each bag has (B, n)."""
    _, bag = np.unique(bags, return_inverse=True)
    held = (np.ones(len(bag)), (bag, np.arange(len(bag))))
    return bag, sparse.csr_array(held, shape=(int(bag.max(initial=-1)) + 1, len(bag)))


def _shares(marks: Marks) -> NDArray[np.float64]:
    """Proportions (n, K) that sum to one, or are nothing."""
    shares = marks.toarray().astype(np.float64)
    return np.asarray(shares / np.maximum(shares.sum(axis=1, keepdims=True), FLOOR))
