"""From what was observed of rows to P(class) of each: `infer`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from labelworks.tasks.methods.treatment.imprecise.core.inference import Blocks, infer_from
from labelworks.tasks.methods.treatment.imprecise.core.likelihood import Marks

DENSE = 256  # classes; above, a posterior holds its largest entries alone
KEPT = 32  # of a row, above so many classes


@dataclass(frozen=True)
class Inferred:
    """P(class) (N, K) of N rows: dense, above 256 classes sparse with the largest of each row.

    score: mean log-likelihood of what was observed of a labelled row, out of sample; rounds: of EM.
    """

    posterior: Any
    score: float
    rounds: int


def infer(
    marks: Marks,
    kinds: NDArray[Any],
    features: NDArray[np.floating],
    folds: NDArray[np.integer],
    n_folds: int,
    *,
    probes: Sequence[str],
    bags: NDArray[np.integer] | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
) -> Inferred:
    """P(class | what was observed, features) of rows of any mix of kinds.

    marks (N, K): sparse, what was said of a row and a class; kinds (N,): how it is meant, by the names of
    registered kinds; bags (N,): which, of rows of kind bags; options: of each kind. A row's features are
    judged by probes that never saw its fold. Raises InputError naming the row that can't be read.
    """
    data, fitted, inference = infer_from(
        marks, kinds, features, folds, n_folds, probes=probes, bags=bags, options=options
    )
    return Inferred(_whole(inference.blocks(data), data.evidence.shape), fitted.score, fitted.rounds)


def _whole(blocks: Blocks, shape: tuple[int, int]) -> Any:
    """Posteriors in the order of the rows."""
    if shape[1] <= DENSE:
        whole = np.empty(shape, np.float32)
        for rows, posterior in blocks:
            whole[rows] = posterior
        return whole
    parts = [(rows, largest(posterior)) for rows, posterior in blocks]
    order = np.argsort(np.concatenate([rows for rows, _ in parts]), kind="stable")
    return sparse.csr_array(sparse.vstack([kept for _, kept in parts], format="csr")[order])


def largest(posterior: NDArray[np.float32]) -> Any:
    """The KEPT largest of each row (n, K), sparse; what is missing to 1 is that of all others together."""
    width = min(KEPT, posterior.shape[1])
    columns = np.sort(np.argpartition(-posterior, width - 1, axis=1)[:, :width], axis=1)
    values = np.take_along_axis(posterior, columns, axis=1)
    ends = np.arange(len(posterior) + 1) * width
    return sparse.csr_array((values.ravel(), columns.ravel(), ends), shape=posterior.shape)
