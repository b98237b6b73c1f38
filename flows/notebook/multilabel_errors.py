"""Which labels are missing or too many where a row has several: `find_multilabel_errors`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from labelworks.flows.notebook.inputs.columns import Matrix, aligned, length, matrix
from labelworks.flows.notebook.inputs.label_sets import LabelSets, label_sets
from labelworks.flows.notebook.inputs.out_of_sample import row_folds, telling_features
from labelworks.flows.notebook.results.shown import Shown, several
from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.multilabel import detect_multilabel
from labelworks.tasks.methods.multilabel.probabilities import class_probabilities


@dataclass(frozen=True, eq=False, repr=False)
class MultilabelErrors(Shown):
    """What is known of the labels of N rows over K classes, given by `find_multilabel_errors`.

    Attributes
    ----------
    labels, missing, extra : list of list
        By row: the labels as given, those that seem to be missing, those that seem too many.
    classes : ndarray of shape (K,)
        The classes, in the order of the rates.
    score : ndarray of shape (N,), float32
        In [0, 1], low = suspicious.
    flag : ndarray of shape (N,), bool
        Some label of the row is missing or extra.
    missing_probability, extra_probability : sparse array of shape (N, K), float32
        The flagged cells, and how probable the error is there.
    missing_rate, extra_rate : ndarray of shape (K,)
        Share of the true labels of a class that were not given; share of the given that are wrong.
    method : str
        How a row's classes are pooled into its score.
    """

    labels: list[list[Any]]
    missing: list[list[Any]]
    extra: list[list[Any]]
    classes: NDArray[Any]
    score: NDArray[np.float32]
    flag: NDArray[np.bool_]
    missing_probability: sparse.csr_array
    extra_probability: sparse.csr_array
    missing_rate: NDArray[np.float64]
    extra_rate: NDArray[np.float64]
    method: str
    index: pd.Index = field(repr=False)

    def to_pandas(self) -> pd.DataFrame:
        """A row each, under the index that the labels came with."""
        columns = {name: getattr(self, name) for name in ("labels", "flag", "score", "missing", "extra")}
        return pd.DataFrame(columns, self.index)

    @property
    def issues(self) -> pd.DataFrame:
        """The flagged rows, the lowest score first."""
        return self.to_pandas()[self.flag].sort_values("score", kind="stable")

    @property
    def summary(self) -> str:
        """What was found, in a line."""
        missing, extra = self.missing_probability.nnz, self.extra_probability.nnz
        cells = f"{several(missing, 'label')} missing, {extra:,} too many"
        return f"{self.flag.sum():,} of {several(len(self.flag), 'row')} flagged: {cells}"

    @property
    def _rows(self) -> pd.DataFrame:
        return self.issues


def find_multilabel_errors(
    labels: Any,
    pred_probs: Any = None,
    features: Any = None,
    method: str = "softmin",
    *,
    classes: Sequence[Any] | None = None,
) -> MultilabelErrors:
    """Find missing and extra labels where a row may have several.

    Parameters
    ----------
    labels : lists or array-like of shape (N, K)
        A list of labels a row, strings or whole numbers, [] where it has none; or a binary matrix, dense or
        sparse, or a table whose columns are called as the classes.
    pred_probs : array-like of shape (N, K), optional
        Out-of-sample probabilities of each label, each in [0, 1], dense or sparse. Left out, they are made
        from `features` by ridge regression, each row's by rows of other folds.
    features : array-like of shape (N, D), optional
        Embeddings, for `pred_probs`.
    method : {"softmin", "ema"}, default "softmin"
        How a row's classes are pooled into its score.
    classes : sequence of length K, optional
        Which class each column is of; by default as in `find_label_errors`.

    Returns
    -------
    MultilabelErrors
        Scores, flags, missing and extra labels; `.issues` and `.to_pandas()` are tables.

    Raises
    ------
    InputError
        Labels of a row are missing or unknown, probabilities outside [0, 1], shapes that don't fit.
    ConfigError
        An unknown method; neither `pred_probs` nor `features`.

    Notes
    -----
    Sources: Northcutt, Jiang & Chuang (2021), confident learning; Thyagarajan, Snorrason, Northcutt & Mueller
    (2022), its scores for several labels.

    Examples
    --------
    >>> import numpy as np
    >>> import labelworks as lw
    >>> pred_probs = np.tile([[0.9, 0.1], [0.9, 0.9], [0.1, 0.9]], (20, 1))
    >>> labels = [["sky"], ["sky", "tree"], ["tree"]] * 20
    >>> labels[1] = ["sky"]
    >>> found = lw.find_multilabel_errors(labels, pred_probs)
    >>> found.issues[["labels", "missing", "extra"]]
      labels missing extra
    1  [sky]  [tree]    []
    """
    probs = None if pred_probs is None else _probabilities(pred_probs)
    given = label_sets(labels, probs, classes)
    if probs is not None:
        length("pred_probs", probs.values.shape[0], len(given.index))
        aligned(given.index, probs.index, "labels and pred_probs")
    judged = detect_multilabel(
        given.matrix, _made(given, features) if probs is None else probs.values, method=method
    )
    return MultilabelErrors(
        labels=given.named(given.matrix),
        missing=given.named(judged.missing),
        extra=given.named(judged.extra),
        classes=given.classes,
        score=judged.score,
        flag=judged.flag,
        missing_probability=judged.missing,
        extra_probability=judged.extra,
        missing_rate=judged.missing_rate,
        extra_rate=judged.extra_rate,
        method=judged.method,
        index=given.index,
    )


def _probabilities(pred_probs: Any) -> Matrix:
    return Matrix(pred_probs) if sparse.issparse(pred_probs) else matrix(pred_probs, "pred_probs")


def _made(given: LabelSets, features: Any) -> NDArray[np.float32]:
    """Probabilities (N, K) by leave-fold-out ridge regression on the features."""
    if features is None:
        raise ConfigError(
            "neither pred_probs nor features are given",
            where="find_multilabel_errors",
            fix="give pred_probs= of a model, out of sample, or features= such as embeddings",
        )
    seen = telling_features(features, len(given.index))
    aligned(given.index, seen.index, "labels and features")
    if given.matrix.nnz in (0, len(given.index) * len(given.classes)):
        what = "no row has a label" if not given.matrix.nnz else "every row has all labels"
        raise InputError(
            f"{what}: there is nothing to tell apart", where="labels", fix="give rows of both kinds"
        )
    return class_probabilities(given.matrix, seen.values, row_folds(len(given.index)))
