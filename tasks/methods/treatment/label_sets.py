"""From what looks missing or extra to treated rows of several labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from labelworks.tasks.methods.treatment.by_flag import decisions, weights
from labelworks.tasks.methods.treatment.policy import Policy


@dataclass(frozen=True, eq=False)
class TreatedLabelSets:
    """Rows (N,) treated: labels, binary sparse (N, K); codes of action and reason; weight."""

    labels: sparse.csr_array
    action: NDArray[np.int8]
    reason: NDArray[np.int8]
    weight: NDArray[np.float32]


def treat_label_sets(
    given: sparse.csr_array,
    missing: sparse.csr_array,
    extra: sparse.csr_array,
    policy: Policy,
    rows_by_class: NDArray[np.floating],
    rows: int,
) -> TreatedLabelSets:
    """Add labels that surely lack, take away those surely too many; other suspicions go to review.

    given: binary (N, K); missing and extra: P(error) of cells. rows_by_class (K,): how many of all `rows`
    have each class: nothing changes of one that fewer than `policy.min_class_rows` have, or lack, and a doubt
    about it lowers no weight.
    """
    borne = (np.minimum(rows_by_class, rows - rows_by_class) >= policy.min_class_rows).astype(np.int8)
    least = policy.alone if policy.relabels else 2.0
    add, drop = (_over(part, least).multiply(borne[None, :]) for part in (missing, extra))
    doubt, changed = missing + extra, add + drop
    left = (doubt - doubt.multiply(changed > 0)).multiply(borne[None, :])
    action, reason = decisions(counts(changed) > 0, counts(doubt) > 0, policy)
    return TreatedLabelSets(binary(given + add - drop), action, reason, weights(largest(left), policy))


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
    found = sparse.csr_array(matrix)
    found.eliminate_zeros()
    found.sort_indices()
    return found


def _over(errors: sparse.csr_array, least: float) -> sparse.csr_array:
    return (errors >= least).astype(np.int8) if least > 0 else (errors > 0).astype(np.int8)
