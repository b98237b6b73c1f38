"""One label an item, of what many annotators answered: `aggregate_votes`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelworks.flows.notebook.inputs.classes import names, plain
from labelworks.flows.notebook.inputs.columns import frame, in_order, length, matrix
from labelworks.flows.notebook.results.shown import Shown, several
from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.crowd import Votes, aggregate

COLUMNS = ("item", "annotator", "label")


@dataclass(frozen=True, eq=False, repr=False)
class VotedLabels(Shown):
    """Labels of N items over K classes by W annotators, given by `aggregate_votes`.

    Attributes
    ----------
    items, labels : ndarray of shape (N,)
        The items, sorted, or in the order of a table with a column for each annotator; their labels.
    classes : ndarray of shape (K,)
        The classes, in the order of `posterior`.
    posterior : ndarray of shape (N, K), float32
        P(true label).
    votes : ndarray of shape (N,), int64
        How many answers each item got.
    rival : ndarray of shape (N,)
        The most confusing other answer; None where all agree.
    annotators : DataFrame
        By annotator: `votes`, and `quality`, the mean posterior of what was answered.
    alpha, kappa : float
        Agreement: Krippendorff's and Fleiss'; NaN where undefined.
    method : str
        The method that found them.
    """

    items: NDArray[Any]
    labels: NDArray[Any]
    classes: NDArray[Any]
    posterior: NDArray[np.float32]
    votes: NDArray[np.int64]
    rival: NDArray[Any]
    annotators: pd.DataFrame = field(repr=False)
    alpha: float
    kappa: float
    method: str

    def to_pandas(self) -> pd.DataFrame:
        """A row an item, under its name."""
        columns = {
            "label": self.labels,
            "probability": self.posterior.max(axis=1),
            "votes": self.votes,
            "rival": pd.array(self.rival.tolist(), object),
        }
        return pd.DataFrame(columns, pd.Index(self.items, name="item"))

    @property
    def summary(self) -> str:
        """What was found, in a line."""
        given = f"{several(int(self.votes.sum()), 'vote')} of {several(len(self.annotators), 'annotator')}"
        agree = (
            f"Krippendorff's alpha {self.alpha:.2f}" if self.alpha == self.alpha else "agreement undefined"
        )
        return f"{several(len(self.items), 'item')} labelled by {given}, {agree}, by {self.method}"

    @property
    def _rows(self) -> pd.DataFrame:
        return self.to_pandas().sort_values("probability", kind="stable")


def aggregate_votes(
    votes: Any,
    pred_probs: Any = None,
    method: str = "auto",
    *,
    item: str = "item",
    annotator: str = "annotator",
    label: str = "label",
    classes: Sequence[Any] | None = None,
) -> VotedLabels:
    """Make one label an item of the votes of many annotators, who may be of any quality.

    Parameters
    ----------
    votes : table or array-like
        One row a vote: a table of pandas, polars, pyarrow or datasets, or a dictionary of columns. Or an
        array (N, W), a row an item and a column an annotator, None or NaN where there is no answer.
    pred_probs : array-like of shape (N, K), optional
        A model's out-of-sample probabilities, in the order of the result's `items` and `classes`, or a table
        whose index and columns are called so; for methods that need them, and one more voice for auto.
    method : str, default "auto"
        A method of kind `crowd` in `labelworks.methods()`.
    item, annotator, label : str
        The columns of a table of votes.
    classes : sequence of length K, optional
        The classes, where some got no vote; by default the answers that occur, sorted.

    Returns
    -------
    VotedLabels
        Labels, posterior and the annotators' quality; `.to_pandas()` has a row an item.

    Raises
    ------
    InputError
        A column or a value is missing, there are no votes, probabilities don't fit.
    ConfigError
        An unknown method.

    Notes
    -----
    Source of auto: a linear opinion pool (Stone 1961) of models chosen by held-out likelihood, among them
    Dawid & Skene (1979) and MACE (Hovy et al. 2013); with `pred_probs` also CROWDLAB (Goh et al. 2022).

    Examples
    --------
    >>> import labelworks as lw
    >>> votes = {
    ...     "item": ["a", "a", "a", "b", "b", "b"],
    ...     "annotator": ["ann", "bob", "eve"] * 2,
    ...     "label": ["cat", "cat", "dog", "dog", "dog", "dog"],
    ... }
    >>> lw.aggregate_votes(votes, method="majority").to_pandas()[["label", "votes"]].reset_index()
      item label  votes
    0    a   cat      3
    1    b   dog      3
    """
    given, probs = read_votes(votes, pred_probs, (item, annotator, label), classes)
    aggregated = aggregate(given, pred_probs=probs, method=method)
    rival = aggregated.classes[aggregated.confusing].astype(object)
    rival[aggregated.confusing < 0] = None
    quality = {"votes": given.per_annotator.astype(np.int64), "quality": aggregated.quality}
    return VotedLabels(
        items=aggregated.items,
        labels=aggregated.labels,
        classes=aggregated.classes,
        posterior=aggregated.posterior,
        votes=given.counts.sum(axis=1).astype(np.int64),
        rival=rival,
        annotators=pd.DataFrame(quality, pd.Index(aggregated.annotators, name="annotator")),
        alpha=aggregated.alpha,
        kappa=aggregated.kappa,
        method=aggregated.method,
    )


def read_votes(
    votes: Any, pred_probs: Any, columns: tuple[str, str, str], classes: Sequence[Any] | None
) -> tuple[Votes, NDArray[Any] | None]:
    """Votes of a table, by its columns, or of an array; and probabilities (N, K) of its items, in order."""
    given = _wide(votes, classes) if _is_wide(votes) else _long(votes, columns, classes)
    return given, None if pred_probs is None else _in_order(pred_probs, given)


def _in_order(pred_probs: Any, votes: Votes) -> NDArray[Any]:
    """Probabilities (N, K) in the order of the items and classes, by the names that a table has."""
    probs = matrix(pred_probs, "pred_probs")
    items = plain(votes.items)
    length("pred_probs", len(probs.values), len(items), "the votes' items")
    values = in_order(probs, plain(votes.classes), "pred_probs")
    index = probs.index
    if index is None or not index.is_unique or set(index) != set(items):
        return values
    return values[index.get_indexer(pd.Index(items))]


def _is_wide(votes: Any) -> bool:
    return not hasattr(votes, "columns") and getattr(votes, "ndim", 1) == 2


def _long(votes: Any, columns: tuple[str, str, str], classes: Sequence[Any] | None) -> Votes:
    """Votes of a table with one row a vote."""
    table = frame(votes, "votes")
    for name, role in zip(columns, COLUMNS, strict=True):
        if name not in table.columns:
            raise InputError(
                f"votes have no column {name!r}, but {', '.join(map(repr, table.columns))}",
                where=f"{role}={name!r}",
                fix=f"say with {role}=… which it is; of a table with a column an annotator give .to_numpy()",
            )
    return _votes(*(table[name] for name in columns), classes=classes)


def _wide(votes: Any, classes: Sequence[Any] | None) -> Votes:
    """Votes of an array with a row an item and a column an annotator."""
    answers = np.asarray(votes)
    row, place = np.nonzero(~pd.isna(answers))
    given = pd.Series(answers[row, place]).infer_objects()
    return _votes(pd.Series(row), pd.Series(place), given, classes=classes, items=np.arange(len(answers)))


def _votes(
    item: pd.Series[Any],
    annotator: pd.Series[Any],
    answer: pd.Series[Any],
    *,
    classes: Sequence[Any] | None,
    items: NDArray[Any] | None = None,
) -> Votes:
    if not len(answer):
        raise InputError("no votes", where="votes", fix="give at least one")
    known = None if classes is None else names(pd.Series(list(classes)), "classes")
    who, what = names(annotator, "annotator"), names(item, "item")
    return Votes.from_arrays(what, who, names(answer, "votes"), items=items, classes=known)
