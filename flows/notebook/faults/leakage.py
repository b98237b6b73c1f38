"""What named splits of a dataset have in common that they should not: `find_leakage`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelworks.flows.notebook.inputs.classes import names, plain
from labelworks.flows.notebook.inputs.columns import column, length
from labelworks.flows.notebook.inputs.out_of_sample import checked_features
from labelworks.flows.notebook.results.shown import Shown, several
from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.duplicates.conflicts import duplicate_conflicts
from labelworks.tasks.methods.duplicates.leakage import EXACT, NEAR, SAME_ID, WHY, shared_groups


@dataclass(frozen=True, eq=False, repr=False)
class SplitLeaks(Shown):
    """What splits share, given by `find_leakage`.

    Attributes
    ----------
    rows : DataFrame
        Rows that another split has too, under their index: `split`, `why`, `also_in`.
    splits : DataFrame
        A row a split: `rows`, and of these `exact`, `near` and `same_id` ones; with labels `unseen_labels`
        that the training split lacks, with times `early`, rows from before its end.
    train : object or None
        The training split; None: there is none of that name.
    """

    rows: pd.DataFrame
    splits: pd.DataFrame
    train: Any

    def to_pandas(self) -> pd.DataFrame:
        """A row a leaked row."""
        return self.rows

    @property
    def summary(self) -> str:
        """What leaks, in a line."""
        outside = self.rows[self.rows["split"] != self.train]
        total = int(self.splits["rows"].drop(self.train, errors="ignore").sum())
        leaked = several(outside.index.nunique(), "row")
        return f"{leaked} of {total:,} outside of training in another split too"


def find_leakage(
    splits: Any,
    features: Any = None,
    *,
    ids: Any = None,
    labels: Any = None,
    times: Any = None,
    train: Any = "train",
    similarity: float = 0.98,
) -> SplitLeaks:
    """Find rows that are on both sides of a split, labels that training lacks, and times out of order.

    Parameters
    ----------
    splits : array-like of shape (N,)
        The split of each row, such as "train" and "test".
    features : array-like of shape (N, D), optional
        Vectors of the rows: equal ones are copies, those of at least `similarity` nearly so.
    ids : array-like of shape (N,), optional
        What each row is of, such as a patient: one that is in two splits leaks.
    labels : array-like of shape (N,), optional
        Classes.
    times : array-like of shape (N,), optional
        Dates or numbers.
    train : object, default "train"
        The split that models learn from.
    similarity : float, default 0.98
        The cosine of vectors that are nearly the same; bring columns of different units to one scale first.

    Returns
    -------
    SplitLeaks
        `.rows` that leak and why, `.splits` with counts.

    Raises
    ------
    InputError
        Lengths differ, a split is missing, or features are no finite numbers.
    ConfigError
        There is nothing to compare by; a similarity outside (0, 1].

    Notes
    -----
    Each row is compared with its ten nearest, and what these connect is one group. Nearly the same is no
    proof: look at some before you drop them. Source: this project, after Barz & Denzler (2020), who found
    test rows of CIFAR among the training rows.

    Examples
    --------
    >>> import numpy as np
    >>> import labelworks as lw
    >>> features = np.random.default_rng(0).normal(size=(100, 8))
    >>> features[90] = features[3]
    >>> splits = np.where(np.arange(100) < 80, "train", "test")
    >>> lw.find_leakage(splits, features).rows["why"].to_dict()
    {3: 'the same content', 90: 'the same content'}
    """
    held = column(splits, "splits")
    order, code = np.unique(names(held, "splits"), return_inverse=True)
    if all(values is None for values in (features, ids, labels, times)):
        raise ConfigError("there is nothing to compare by", where="find_leakage", fix="give features or ids")
    if not 0 < similarity <= 1:
        raise ConfigError(f"similarity is {similarity}", where="find_leakage", fix="give one in (0, 1]")
    shared = dict[str, NDArray[np.bool_]]()
    if features is not None:
        vectors = np.asarray(checked_features(features, len(held)).values)
        exact = shared_groups(_equal(vectors), code, len(order))
        near = shared_groups(_alike(vectors, code, similarity), code, len(order))
        near[exact.any(axis=1)] = False
        shared |= {EXACT: exact, NEAR: near}
    if ids is not None:
        shared[SAME_ID] = shared_groups(_codes(ids, "ids", len(held)), code, len(order))
    rows = _leaked(shared, code, order, held.index)
    named = plain(order)
    known = train if train in named else None
    table = pd.DataFrame({"rows": np.bincount(code, minlength=len(order))}, pd.Index(named, name="split"))
    for why, kind in zip(WHY, ("exact", "near", "same_id"), strict=True):
        if why in shared:
            table[kind] = np.bincount(code[shared[why].any(axis=1)], minlength=len(order))
    if labels is not None and known is not None:
        table["unseen_labels"] = _unseen(_values(labels, "labels", len(held)), code, named.index(known))
    if times is not None and known is not None:
        table["early"] = _early(_values(times, "times", len(held)), code, named.index(known))
    return SplitLeaks(rows, table, known)


def _equal(vectors: NDArray[np.floating]) -> NDArray[np.int64]:
    """Groups (N,) of equal rows."""
    return np.asarray(np.unique(vectors, axis=0, return_inverse=True)[1].reshape(-1), np.int64)


def _alike(vectors: NDArray[np.floating], code: NDArray[np.intp], similarity: float) -> NDArray[np.int64]:
    """Groups (N,) of rows that are nearly the same; a row that is like no other is a group of its own."""
    if len(vectors) < 2:
        return np.arange(len(vectors))
    group = duplicate_conflicts(code, vectors.astype(np.float32), similarity=similarity).group
    return np.where(group < 0, len(vectors) + np.arange(len(vectors)), group)


def _values(values: Any, name: str, rows: int) -> pd.Series[Any]:
    held = column(values, name)
    length(name, len(held), rows, of="splits")
    return held


def _codes(values: Any, name: str, rows: int) -> NDArray[np.int64]:
    """Codes (N,) of ids; a missing one is no other's."""
    codes, known = pd.factorize(_values(values, name, rows))
    return np.where(codes < 0, len(known) + np.arange(rows), codes)


def _leaked(
    shared: dict[str, NDArray[np.bool_]], code: NDArray[np.intp], order: NDArray[Any], index: pd.Index
) -> pd.DataFrame:
    lines = [
        (row, order[code[row]], why, tuple(plain(order[elsewhere[row]])))
        for why, elsewhere in shared.items()
        for row in np.flatnonzero(elsewhere.any(axis=1)).tolist()
    ]
    lines.sort(key=lambda line: line[0])
    places = [row for row, *_ in lines]
    return pd.DataFrame([line[1:] for line in lines], index[places], ["split", "why", "also_in"])


def _unseen(labels: pd.Series[Any], code: NDArray[np.intp], train: int) -> list[tuple[Any, ...]]:
    by_split = [set(labels[code == split].dropna()) for split in range(int(code.max()) + 1)]
    return [tuple(sorted(held - by_split[train])) for held in by_split]


def _early(times: pd.Series[Any], code: NDArray[np.intp], train: int) -> NDArray[np.int64]:
    """Rows of each split from before the end of the training split."""
    before = (times < times[code == train].max()).to_numpy(bool)
    counts = np.bincount(code[before], minlength=int(code.max()) + 1)
    counts[train] = 0
    return counts
