"""How well features tell a column's values apart, by the simplest of classifiers: to choose among labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.statistics.halves import halves

ROWS = 2000
WORDS = 20_000


def numbers_of_texts(texts: list[str]) -> Any:
    """Weighted counts of words, and of pairs of characters for scripts without spaces, as a sparse matrix."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    spaced = sum(" " in text for text in texts) * 2 > len(texts)
    cut = {} if spaced else {"analyzer": "char_wb", "ngram_range": (1, 2)}
    try:
        return TfidfVectorizer(sublinear_tf=True, max_features=WORDS, **cut).fit_transform(texts)
    except ValueError:  # no text has a word
        return np.zeros((len(texts), 1))


def numbers_of_vectors(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    """Vectors (N, D) in units of each dimension's spread, missing ones at its mean."""
    finite = np.isfinite(vectors)
    mean = np.where(finite, vectors, 0).sum(axis=0) / np.maximum(finite.sum(axis=0), 1)
    centred = np.where(finite, vectors - mean, 0.0).astype(np.float64)
    spread = np.sqrt((centred**2).mean(axis=0))
    return centred / np.where(spread > 0, spread, 1.0)


def balanced_accuracy(numbers: Any, given: NDArray[np.int64]) -> float:
    """How often the nearest mean of the other half is the given class, by class and averaged: chance is 1/K.

    numbers: (N, D), sparse or not; given: codes (N,) of K classes. Classes in one half only are left out.
    """
    right = np.zeros((2, int(given.max()) + 1))
    for learned, asked in halves(len(given), seed=0):
        counts = np.bincount(given[learned], minlength=right.shape[1])
        known = np.flatnonzero(counts)
        which = (given[learned][:, None] == known).astype(np.float64) / counts[known]
        means = np.asarray((numbers[learned].T @ which).T)
        near = numbers[asked] @ means.T - 0.5 * (means**2).sum(axis=1)
        foretold = known[np.asarray(near).argmax(axis=1)]
        right[0] += np.bincount(given[asked], minlength=right.shape[1]) * (counts > 0)
        right[1] += np.bincount(given[asked][foretold == given[asked]], minlength=right.shape[1])
    seen = right[0] > 0
    return float((right[1][seen] / right[0][seen]).mean()) if seen.any() else 0.0
