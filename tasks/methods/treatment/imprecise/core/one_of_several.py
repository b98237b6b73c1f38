"""Rows of several labels of which one is given, by chance: which others each row has as well."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.arrays import blocks
from labelworks.tasks.methods.multilabel.probabilities import class_probabilities
from labelworks.tasks.methods.treatment.imprecise.core.likelihood import Marks, class_marked

MOST, PATIENCE = 40, 4  # rounds; those without a better likelihood, then it ends
NODES, WEIGHTS = np.polynomial.legendre.leggauss(12)
NODES, WEIGHTS = (NODES + 1) / 2, WEIGHTS / 2  # of integrals over [0, 1]: exact for rows of up to 24 labels
EDGE = 1e-6  # of a probability
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class InferredSets:
    """P(row has the label) (N, K); score: mean log P(the label given) a row, out of sample; rounds: of EM."""

    posterior: NDArray[np.float32]
    score: float
    rounds: int


def infer_sets(marks: Marks, features: NDArray[np.floating], folds: NDArray[np.integer]) -> InferredSets:
    """P(row has the label) of rows (N, D) of which one label each was given, marks (N, K), or none.

    EM, its probes never seeing the row's fold; the round that foretells the given labels best. Assumes that
    of a row's labels any was as likely to be given, and that labels are independent given the features.
    Raises InputError for a row with several. Source: the setting is Cole et al. 2021, the likelihood ours.
    """
    counts = np.diff(marks.indptr)
    if (counts > 1).any() or not counts.any():
        raise InputError(
            "one label a row is asked for, of some rows at least",
            where=f"row {int((counts > 1).argmax())}",
            fix="give one label a row; of rows with all their labels find_multilabel_errors finds wrong ones",
        )
    probs = class_probabilities(sparse.csr_array(marks, dtype=np.float64), features, folds, alone=True)
    chance = np.random.default_rng(0).random(marks.shape, np.float32)
    best, since = _round(marks, probs, 0), 0
    inferred = best
    for number in range(1, MOST + 1):
        drawn = sparse.csr_array((chance < inferred.posterior).astype(np.float64))
        inferred = _round(marks, class_probabilities(drawn, features, folds, alone=True), number)
        best, since = (inferred, 0) if inferred.score > best.score else (best, since + 1)
        if since == PATIENCE:
            break
    return best


def _round(marks: Marks, probs: NDArray[np.float32], number: int) -> InferredSets:
    posterior, score = np.empty(marks.shape, np.float32), 0.0
    given = class_marked(marks, -1)
    for part in blocks(*marks.shape):
        posterior[part], evidence = sets_given_one(probs[part].astype(np.float64), given[part])
        score += float(evidence.sum())
    return InferredSets(posterior, score / max(int((given >= 0).sum()), 1), number)


def sets_given_one(probs: Floats, given: NDArray[np.integer]) -> tuple[Floats, Floats]:
    """P(label | the one given) (n, K) and log P(given) (n,), by P(label) (n, K); given (n,): -1 for none.

    A row has a set of labels, each by its own chance, and gives one of them, so that P(given | set) is one by
    its size. The mean of 1 / (1 + others) is the integral over t in [0, 1] of the product of 1 - p + p t.
    """
    rows, known = np.arange(len(given)), given >= 0
    others = np.clip(probs, EDGE, 1 - EDGE)
    own = np.where(known, others[rows, given], 1.0)
    others[rows[known], given[known]] = 0
    whole, one = np.zeros(len(rows)), np.zeros_like(others)
    for node, weight in zip(NODES, WEIGHTS, strict=True):
        terms = 1 - others + others * node
        product = weight * np.exp(np.log(terms).sum(axis=1))
        whole += product
        one += product[:, None] / terms * node
    posterior = np.where(known[:, None], others * one / whole[:, None], probs)
    posterior[rows[known], given[known]] = 1
    return posterior, np.where(known, np.log(own * whole), 0.0)
