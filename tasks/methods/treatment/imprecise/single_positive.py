"""Positive and unlabelled rows: some rows of some classes are labelled, of the others nothing is said."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.treatment.imprecise.core.likelihood import Likelihood, Marks
from labelworks.tasks.methods.treatment.imprecise.single import refuse_other_than_one

MOST = 0.99  # of a propensity: no class is quite sure to be labelled


@register("label_kind", "single-positive", needs=("propensity",), source="Elkan & Noto 2008")
def single_positive(marks: Marks, *, propensity: NDArray[np.floating]) -> Likelihood:
    """One class or none a row. propensity (K,): P(labelled | class), 0 for a class that never is.

    Assumes that which rows of a class are labelled is chance (SCAR). Raises InputError for a row of several.
    """
    refuse_other_than_one(marks, least=0)
    chance = np.asarray(propensity, np.float32)
    if chance.shape != marks.shape[1:] or not ((chance >= 0) & (chance <= 1)).all():
        raise InputError(
            f"propensity has the shape {chance.shape}", where="propensity",
            fix="give P(labelled | class) of each class, in [0, 1]",
        )  # fmt: skip
    known = sparse.csr_array((np.ones(marks.nnz, np.float32), marks.indices, marks.indptr), marks.shape)
    unlabelled = np.diff(marks.indptr) == 0
    return Likelihood(known, unlabelled.astype(np.float32), by_class=1 - np.clip(chance, 0, MOST))
