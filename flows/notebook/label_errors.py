"""Which labels are wrong: `find_label_errors`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.flows.notebook.inputs.classes import Labels, coded, plain
from labelworks.flows.notebook.inputs.columns import Matrix, aligned, column, in_order, length, matrix
from labelworks.flows.notebook.inputs.out_of_sample import checked_features, out_of_sample
from labelworks.flows.notebook.inputs.tables import as_table, encoded_table, some_votes
from labelworks.flows.notebook.results.shown import Shown, several
from labelworks.schemas.errors import ConfigError
from labelworks.schemas.percentages import percent
from labelworks.tasks.methods.arrays import rows_of
from labelworks.tasks.methods.findings.health import class_sums
from labelworks.tasks.methods.noise import NoiseResult, detect

NEIGHBOURS = 10  # of a row that are compared


@dataclass(frozen=True, eq=False, repr=False)
class LabelErrors(Shown):
    """What is known of N labels over K classes, given by `find_label_errors`.

    Attributes
    ----------
    labels : ndarray of shape (N,)
        The labels as given.
    classes : ndarray of shape (K,)
        The classes, in the order of `posterior` and `transition`.
    score : ndarray of shape (N,), float32
        In [0, 1], low = suspicious; meant for its order.
    error_probability : ndarray of shape (N,), float32
        That the label is wrong, calibrated.
    flag : ndarray of shape (N,), bool
        The labels to look at.
    suggestion : ndarray of shape (N,)
        The given label; where flagged, the likeliest other class.
    posterior : ndarray of shape (N, K), float32, or None
        P(true label), where the method tells it.
    transition : ndarray of shape (K, K)
        P(given | true): a row is a true class.
    noise_rate, noise_rate_interval : float, tuple of float
        The share of wrong labels, and between what shares it may lie.
    reason : str
        What that range rests on and what would narrow it; of a target that can't be promised, why.
    method : str
        The method that found them.
    steady : bool
        Whether errors are as common among rows that are sure as among those that are hard.
    claim : ndarray of shape (N,), or None
        P(the suggestion is right), as far as flips, sure rows and neighbours bear it out.
    doubt : float
        By how much in log-odds claims may be too large, by three chances of four no more.
    confident, confident_probability : ndarray of shape (N,), or None
        The number of the class by confident learning (-1: none) and its probability, where the transition
        doesn't tell which labels are right.
    """

    labels: NDArray[Any]
    classes: NDArray[Any]
    score: NDArray[np.float32]
    error_probability: NDArray[np.float32]
    flag: NDArray[np.bool_]
    suggestion: NDArray[Any]
    posterior: NDArray[np.float32] | None
    transition: NDArray[np.float64]
    noise_rate: float
    noise_rate_interval: tuple[float, float]
    reason: str
    method: str
    index: pd.Index = field(repr=False)
    steady: bool = True
    claim: NDArray[np.float32] | None = None
    doubt: float = 0.0
    confident: NDArray[np.int32] | None = field(default=None, repr=False)
    confident_probability: NDArray[np.float32] | None = field(default=None, repr=False)

    def to_pandas(self) -> pd.DataFrame:
        """A row a label, under the index of the Series that the labels came in."""
        doubted = pd.Series(plain(self.suggestion), self.index, object).where(self.flag, None)
        return pd.DataFrame(
            {
                "label": self.labels,
                "flag": self.flag,
                "error_probability": self.error_probability,
                "score": self.score,
                "suggestion": doubted,
            },
            self.index,
        )

    @property
    def issues(self) -> pd.DataFrame:
        """The flagged labels, the likeliest wrong first."""
        table = self.to_pandas()
        return table[self.flag].sort_values(["error_probability", "score"], ascending=[False, True])

    @property
    def by_class(self) -> pd.DataFrame:
        """A row a class, those whose labels are worst first: `rows`, `flagged`, `quality`.

        The quality is 1 − the mean error probability of the rows that bear the label; NaN where none does.
        """
        codes = pd.Index(self.classes).get_indexer(pd.Index(self.labels))
        rows, wrong, flagged = class_sums(codes, self.error_probability, self.flag, len(self.classes))
        quality = 1.0 - wrong / np.where(rows > 0, rows, np.nan)
        table = {"rows": rows.astype(int), "flagged": flagged.astype(int), "quality": quality}
        return pd.DataFrame(table, plain(self.classes)).sort_values("quality", kind="stable")

    @property
    def summary(self) -> str:
        """What was found, in a line."""
        low, high = (percent(end) for end in self.noise_rate_interval)
        rate = f"about {percent(self.noise_rate)} wrong ({low} to {high})"
        return f"{self.flag.sum():,} of {several(len(self.flag), 'label')} flagged, {rate}, by {self.method}"

    @property
    def _rows(self) -> pd.DataFrame:
        return self.issues


def find_label_errors(
    labels: Any,
    pred_probs: Any = None,
    features: Any = None,
    method: str = "auto",
    *,
    classes: Sequence[Any] | None = None,
    neighbours: Any = None,
    votes: Any = None,
    audited: tuple[Any, Any] | None = None,
    posterior: bool = True,
    **options: Any,
) -> LabelErrors:
    """Find the wrong labels of a dataset.

    Parameters
    ----------
    labels : array-like of shape (N,)
        One label a row: strings, whole numbers (as floats too), booleans, a categorical; a list, an array, or
        a column of pandas, polars, pyarrow or datasets.
    pred_probs : array-like of shape (N, K), optional
        Out-of-sample probabilities by a model of yours; rows sum to 1. Left out, they are made from
        `features` by the probes of a run, each row's by probes that never saw its fold.
    features : array-like of shape (N, D) or table of N rows, optional
        Embeddings, of half floats too, or columns of numbers in like units; for `pred_probs`, and for methods
        that compare rows. Or a table (pandas, polars, Arrow, a dictionary) with columns of categories,
        truths, dates or short texts among its numbers, missing values too: it is encoded as a run does, and
        trees, fitted on at most 100,000 rows, are heard beside the probes where they foretell labels better.
        With them `auto` hears the ten nearest rows as well, where there are more; to find those takes time
        that grows with N² unless faiss is installed (the extra `neighbours`).
    method : str, default "auto"
        A method of kind `noise` in `labelworks.methods()`.
    classes : sequence of length K, optional
        Which class each column of `pred_probs` is of. By default that is what the column of a table is
        called; else, of whole numbers in 0 … K-1, the number itself; else the labels in sorted order, as in
        cleanlab and scikit-learn's `classes_`.
    neighbours : array-like of shape (N, k), optional
        Numbers of the nearest rows, for methods that compare rows; by default they are found in `features`.
    votes : array-like of shape (N, K), optional
        The posterior that annotators' votes give (`labelworks.aggregate_votes`), for `crowd-posterior`.
    audited : tuple of two array-likes of shape (n,), optional
        Numbers of rows that you looked at, some at random and some of the likeliest errors, and whether the
        label of each is right. 30 to 200 of them settle the error probabilities, the rate and the flags.
    posterior : bool, default True
        Keep P(true label), (N, K), which `labelworks.treat` needs to tell sure corrections from doubtful
        ones.
    **options
        Of the method, such as `target={"fdr": 0.1}` or `target={"budget": 500}` of auto.

    Returns
    -------
    LabelErrors
        Scores, error probabilities, flags and suggestions; `.issues` and `.to_pandas()` are tables.

    Raises
    ------
    InputError
        A label is missing or no class, rows are no distributions, shapes don't fit: `where` names the row.
    ConfigError
        An unknown method or option; neither `pred_probs` nor `features`; something the method needs is
        missing.

    Notes
    -----
    Sources: `auto` is of this project, on the noise transition of Goldberger & Ben-Reuven (2017); its target
    `fdr` is by Bates et al. (2023). It holds where wrong labels are as common among sure rows as among hard
    ones: where they aren't, nothing is flagged, and `reason` says so. `labelworks.methods()`
    gives the source of each other method.

    Examples
    --------
    >>> import numpy as np
    >>> import labelworks as lw
    >>> rng = np.random.default_rng(0)
    >>> true = np.array(["cat", "dog"])[rng.integers(0, 2, 400)]
    >>> features = np.where(true == "dog", 9, 0)[:, None] + rng.normal(size=(400, 2))
    >>> labels = true.copy()
    >>> labels[:20] = np.where(true[:20] == "cat", "dog", "cat")
    >>> found = lw.find_label_errors(labels, features=features)
    >>> int(found.flag[:20].sum()), int(found.flag[20:].sum())  # of 20 wrong labels, and of 380 right ones
    (19, 0)
    >>> found.issues[["label", "suggestion"]].sort_index().head(2)
      label suggestion
    0   cat        dog
    1   cat        dog
    """
    table = as_table(features)
    given, probs, seen = _inputs(labels, pred_probs, features, table, classes)
    few = method == "auto" and seen is not None and (len(seen) <= NEIGHBOURS or table is not None)
    judged = detect(
        given.codes,
        probs,
        features=None if few else seen,
        neighbour_vote=some_votes(seen, given.codes, probs) if few else None,
        neighbours=None if neighbours is None else matrix(neighbours, "neighbours").values,
        votes=None if votes is None else in_order(matrix(votes, "votes"), plain(given.classes), "votes"),
        audited=audited,
        method=method,
        posterior=posterior,
        **options,
    )
    return _named(given, judged)


def _inputs(
    labels: Any, pred_probs: Any, features: Any, table: pa.Table | None, classes: Sequence[Any] | None
) -> tuple[Labels, NDArray[Any], NDArray[np.floating] | None]:
    """Codes of the labels, probabilities (N, K) given or made, features (N, D) or None; all checked.

    table: the features, where they are one.
    """
    rows, cells = len(column(labels, "labels")), None
    seen = None
    if table is not None:
        index = features.index if isinstance(features, pd.DataFrame) else None
        seen, cells = encoded_table(table, rows, index)
    elif features is not None:
        seen = checked_features(features, rows)
    if pred_probs is not None:
        probs = matrix(pred_probs, "pred_probs")
        given = coded(labels, probs, classes)
        length("pred_probs", len(probs.values), rows)
        rows_of(probs.values, "pred_probs")
        _same_rows(given, probs, seen)
        return given, probs.values, None if seen is None else seen.values
    if seen is None:
        raise ConfigError(
            "neither pred_probs nor features are given",
            where="find_label_errors",
            fix="give pred_probs= of a model, out of sample, or features= such as embeddings",
        )
    given = coded(labels, None, classes)
    _same_rows(given, None, seen)
    return given, out_of_sample(seen.values, given.codes, len(given.classes), cells=cells), seen.values


def _same_rows(given: Labels, probs: Matrix | None, seen: Matrix | None) -> None:
    for name, values in (("pred_probs", probs), ("features", seen)):
        if values is not None:
            aligned(given.index, values.index, f"labels and {name}")


def _named(given: Labels, found: NoiseResult) -> LabelErrors:
    return LabelErrors(
        labels=given.named,
        classes=given.classes,
        score=found.score,
        error_probability=found.error_probability,
        flag=found.flag,
        suggestion=given.classes[found.suggestion],
        posterior=found.posterior,
        transition=found.transition,
        noise_rate=found.noise_rate,
        noise_rate_interval=found.noise_rate_interval,
        reason=found.reason,
        method=found.method,
        steady=found.steady,
        claim=found.claim,
        doubt=found.doubt,
        confident=found.confident,
        confident_probability=found.confident_probability,
        index=given.index,
    )
