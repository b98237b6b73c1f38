"""Do these features, or these predictions, tell these labels? A permutation test, exact at any size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.stats import rankdata

from labelworks.tasks.methods.statistics.float16 import single

PERMUTED = 999  # times at most, so that the smallest p-value is 1 in 1000
ENOUGH = 10  # permutations that do as well: then the p-value is known well enough (Besag & Clifford 1991)
FIRST = 32  # permutations after which a mean and a spread are known
SURE = 40.0  # spreads above the mean: by Cantelli's inequality no more than 1 in 1601 does as well
CELLS = 20_000  # given labels that are looked at: of more rows, some
FAR = 3.0  # times the median length of a row: longer ones count no more than that
FOLDED = np.sqrt(2.0)  # predictions of one half of the rows by the other share every pair of rows with theirs
Floats = NDArray[np.float64]


def labels_p_value(
    features: NDArray[np.floating], labels: Any, pred_probs: NDArray[np.floating] | None
) -> float:
    """P-value of what labels are judged by telling them: probabilities if a user has some, or features."""
    if pred_probs is None:
        return features_p_value(features, labels)
    return predictions_p_value(pred_probs, labels)


def features_p_value(features: NDArray[np.floating], labels: Any, *, seed: int = 0) -> float:
    """P-value of features (N, D) telling labels as they do if they have nothing to do with each other.

    labels: class numbers (N,), other numbers (N,), or a binary matrix (N, K), dense or sparse. The statistic
    is what a ridge regression on the features explains of the labels, each class weighed by its rarity (the
    trace of Pillai 1955); of numbers, of their ranks. Labels are permuted among the rows as often as it
    takes. No labels: 1.
    """
    targets = _standard(labels)
    rng = np.random.default_rng(seed)
    rows = _some(targets, rng)
    by_class, seen = targets[rows].T.tocsr(), _whitened(single(np.asarray(features)[rows]))

    def explained(order: NDArray[np.int64]) -> float:
        shuffled = sparse.csr_array((by_class.data, order[by_class.indices], by_class.indptr), by_class.shape)
        return float(np.square(shuffled @ seen, dtype=np.float64).sum())

    return _p_value(explained, len(rows), rng)


def predictions_p_value(pred_probs: NDArray[np.floating], labels: Any, *, seed: int = 0) -> float:
    """P-value of probabilities (N, K) foretelling labels as they do if they have nothing to do with them.

    labels: class numbers (N,) or a binary matrix (N, K), dense or sparse. The statistic is the probability of
    what was given. Predictions made fold by fold have learnt from each other's labels, so that chance
    spreads wider than permutations do: by the square root of 2 at most, which is allowed for.
    """
    given = _cells(labels)
    probs = single(np.asarray(pred_probs))
    centred = probs - probs.mean(axis=0, dtype=np.float64).astype(np.float32)
    row, column = given.nonzero()

    def hit(order: NDArray[np.int64]) -> float:
        return float(centred[order[row], column].sum(dtype=np.float64))

    return _p_value(hit, given.shape[0], np.random.default_rng(seed), wider=FOLDED)


def _p_value(
    statistic: Callable[[NDArray[np.int64]], float],
    rows: int,
    rng: np.random.Generator,
    *,
    wider: float = 1.0,
) -> float:
    """Share of the orders of the rows in which the statistic is as large as in their own; the mean is theirs.

    wider: how many times as far from the mean chance may lead as the permutations do.
    """
    observed = statistic(np.arange(rows))
    drawn = np.empty(PERMUTED)
    for place in range(PERMUTED):
        drawn[place] = statistic(rng.permutation(rows))
        others = drawn[: place + 1]
        mean, spread = float(np.mean(others)), wider * float(np.std(others))
        rounding = 1e-6 * max(abs(observed), abs(mean))
        reached = int(np.count_nonzero(wider * (others - mean) >= observed - mean - rounding))
        if reached >= ENOUGH:
            break
        distance = (observed - mean) / max(spread, rounding, np.finfo(float).tiny)
        if len(others) >= FIRST and not reached and distance > SURE:
            return 1.0 / (1.0 + distance**2)
    return (1 + reached) / (1 + len(others))


def _cells(labels: Any) -> sparse.csr_array:
    """Labels as a matrix (N, M): of class numbers, one column a class."""
    if sparse.issparse(labels) or np.ndim(labels) == 2:
        return sparse.csr_array(labels)
    codes = np.asarray(labels, np.int64)
    at = np.arange(len(codes)), codes
    return sparse.csr_array(
        (np.ones(len(codes), np.float32), at), shape=(len(codes), codes.max(initial=0) + 1)
    )


def _standard(labels: Any) -> sparse.csr_array:
    """Labels (N, M) of which each class, or the ranks of the numbers, weigh alike: float32."""
    if np.ndim(labels) == 1 and np.issubdtype(np.asarray(labels).dtype, np.floating):
        ranks = rankdata(labels) - (len(labels) + 1) / 2
        return sparse.csr_array(
            (ranks / max(np.sqrt(np.square(ranks).sum()), 1.0))[:, None].astype(np.float32)
        )
    cells = _cells(labels).astype(np.float32)
    count = np.asarray(cells.sum(axis=0), np.float64).ravel()
    spread = np.sqrt(count * (1 - count / max(cells.shape[0], 1)))
    weight = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
    return sparse.csr_array(cells.multiply(weight[None, :].astype(np.float32)))


def _some(targets: sparse.csr_array, rng: np.random.Generator) -> NDArray[np.int64]:
    """Rows of about CELLS given labels, in order; all where there are no more."""
    rows = targets.shape[0]
    wanted = int(rows * min(1.0, CELLS / max(targets.nnz, 1)))
    return np.sort(rng.choice(rows, wanted, replace=False)) if wanted < rows else np.arange(rows)


def _whitened(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows (n, D) centred, their directions scaled as a ridge regression sees them, long rows shortened."""
    if not len(features):
        return features
    centred = features - features.mean(axis=0, dtype=np.float64).astype(np.float32)
    scatter = (centred.T @ centred).astype(np.float64)
    values, vectors = np.linalg.eigh(scatter)
    values = np.maximum(values, 0)
    ridge = max(float(values.mean()), np.finfo(np.float32).tiny)
    seen = centred @ (vectors / np.sqrt(values + ridge)).astype(np.float32)
    length = np.sqrt(np.square(seen).sum(axis=1))
    longest = FAR * float(np.median(length))
    seen *= np.minimum(1.0, longest / np.maximum(length, np.finfo(np.float32).tiny))[:, None]
    return np.asarray(seen - seen.mean(axis=0), np.float32)
