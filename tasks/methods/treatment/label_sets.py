"""From what looks missing or extra to treated rows of several labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from labelworks.tasks.methods.arrays import hashes
from labelworks.tasks.methods.treatment.by_flag import decisions, weights
from labelworks.tasks.methods.treatment.claims import BELOW_FLOAT32, JudgedLabels
from labelworks.tasks.methods.treatment.cut import Cut
from labelworks.tasks.methods.treatment.policy import Policy


@dataclass(frozen=True, eq=False)
class TreatedLabelSets:
    """Rows (N,) treated: labels, binary sparse (N, K); codes of action and reason; weight."""

    labels: sparse.csr_array
    action: NDArray[np.int8]
    reason: NDArray[np.int8]
    weight: NDArray[np.float32]


def cell_claims(
    missing: sparse.csr_array,
    extra: sparse.csr_array,
    claim: sparse.csr_array,
    policy: Policy,
    rows_by_class: NDArray[np.floating],
    rows: int,
    hashed: NDArray[np.uint64],
) -> JudgedLabels:
    """What is claimed of the cells (C,) that look wrong, row by row: each by itself may change.

    missing and extra: P(error) of cells (N, K); claim: the same as far as it is borne out, which no change
    goes beyond where the objective promises anything. rows_by_class (K,): how many of all `rows` have each
    class: nothing changes of one that fewer than `policy.min_class_rows` have, or lack. hashed (N,): of the
    rows' ids.
    """
    doubt = binary(missing + extra)
    row = np.repeat(np.arange(doubt.shape[0]), np.diff(doubt.indptr))
    few = np.minimum(rows_by_class, rows - rows_by_class) < policy.min_class_rows
    column = doubt.indices.astype(np.int32)
    with np.errstate(over="ignore"):
        ties = hashes(hashed[row] + column.astype(np.uint64)).astype(np.float64) * BELOW_FLOAT32
    error = doubt.data.astype(np.float32)
    borne_out = policy.promised is not None and len(row)
    claimed = np.asarray(claim[row, column], np.float32).ravel() if borne_out else error
    return JudgedLabels(
        column, np.ones(len(error), bool), column + 1, error, error, claimed, few=few[column], tie_break=ties
    )


def treat_label_sets(
    given: sparse.csr_array,
    missing: sparse.csr_array,
    extra: sparse.csr_array,
    claims: JudgedLabels,
    cut: Cut,
    policy: Policy,
) -> TreatedLabelSets:
    """Add labels that surely lack, take away those surely too many; other suspicions go to review.

    given: binary (N, K); missing and extra: P(error) of cells; claims: of them, as `cell_claims` does. A row
    weighs less by what is claimed of its most doubtful label; a class of few rows lowers no weight.
    """
    doubt = binary(missing + extra)
    sure = claims.changeable & cut.allows(claims) & policy.relabels
    changed = _cells(doubt, sure.astype(np.int8))
    left = _cells(doubt, np.where(sure | claims.few, np.float32(0), claims.claim))
    action, reason = decisions(counts(changed) > 0, counts(doubt) > 0, policy)
    labels = binary(given + changed - 2 * given.multiply(changed))
    return TreatedLabelSets(labels, action, reason, weights(largest(left), policy))


def likelier(given: sparse.csr_array, missing: sparse.csr_array, extra: sparse.csr_array) -> sparse.csr_array:
    """What the labels (N, K) would be if all suspicions were right."""
    return binary(given + (missing > 0).astype(np.int8) - (extra > 0).astype(np.int8))


def counts(matrix: Any) -> NDArray[np.float64]:
    """How many cells of each row (N,) are not 0."""
    return np.asarray((matrix != 0).sum(axis=1), np.float64).ravel()


def largest(matrix: Any) -> NDArray[np.float32]:
    """The largest cell of each row (N,)."""
    return np.asarray(sparse.csr_array(matrix).max(axis=1).toarray(), np.float32).ravel()


def binary(matrix: Any) -> sparse.csr_array:
    """A matrix without stored zeros, its columns in order."""
    marks = sparse.csr_array(matrix)
    marks.eliminate_zeros()
    marks.sort_indices()
    return marks


def _cells(like: sparse.csr_array, data: NDArray[Any]) -> sparse.csr_array:
    """A matrix with other values in the cells of another; those that are 0 are left out."""
    return binary(sparse.csr_array((data, like.indices.copy(), like.indptr.copy()), shape=like.shape))
