"""What is odd about the rows themselves: `find_content_issues`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.flows.notebook.inputs.classes import coded
from labelworks.flows.notebook.inputs.columns import Matrix, column, instances, length
from labelworks.flows.notebook.inputs.out_of_sample import checked_features
from labelworks.flows.notebook.results.shown import Shown, several
from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.content.known import FLAGGED, look_through
from labelworks.tasks.methods.duplicates.minhash import SIMILAR, similar_pairs, sketches
from labelworks.tasks.methods.neighbours.euclidean import nearest
from labelworks.tasks.methods.quality.row_order import row_order
from labelworks.tasks.methods.quality.row_value import knn_shapley, uniqueness

SAMPLE = 5_000  # rows that tell what is usual


@dataclass(frozen=True, eq=False, repr=False)
class ContentIssues(Shown):
    """What is odd about N rows, given by `find_content_issues`.

    Attributes
    ----------
    scores : DataFrame of N rows
        A column an issue, in [0, 1]: below 0.5 the row has it, NaN can't be told. Of features also `value`
        (with labels), `uniqueness` and `order_score`.
    flags : DataFrame of N rows, bool
        A column an issue.
    order_effect, order_p_value : float or None
        How far the order of the rows tells what is in them, and the share of random orders that do so as
        much; None without features.
    """

    scores: pd.DataFrame
    flags: pd.DataFrame
    order_effect: float | None
    order_p_value: float | None

    def to_pandas(self) -> pd.DataFrame:
        """A row a row: the names of its issues, then the scores."""
        names = np.array(self.flags.columns, dtype=object)
        issues = [", ".join(names[row]) for row in self.flags.to_numpy(bool)]
        return pd.concat(
            [pd.Series(issues, self.scores.index, dtype=object, name="issues"), self.scores], axis=1
        )

    @property
    def issues(self) -> pd.DataFrame:
        """The rows with an issue, those with most of them first."""
        count = self.flags.sum(axis=1)
        return self.to_pandas().loc[count[count > 0].sort_values(ascending=False, kind="stable").index]

    @property
    def summary(self) -> str:
        """What was found, in a line."""
        counts = self.flags.sum()
        named = ", ".join(f"{name} {rows:,}" for name, rows in counts[counts > 0].items())
        odd = several(int(self.flags.any(axis=1).sum()), "row")
        order = "" if self.order_p_value is None else f"; order: p = {self.order_p_value:.2g}"
        return f"{odd} of {len(self.flags):,} with an issue{': ' * bool(named)}{named}{order}"

    @property
    def _rows(self) -> pd.DataFrame:
        return self.issues


def find_content_issues(
    texts: Any = None, *, images: Any = None, features: Any = None, labels: Any = None, neighbours: int = 10
) -> ContentIssues:
    """Look for what is odd about rows themselves, which explains doubtful labels.

    Parameters
    ----------
    texts : array-like of shape (N,), optional
        Texts; missing ones are empty.
    images : sequence of bytes, optional
        Encoded images, as files hold them.
    features : array-like of shape (N, D), optional
        Vectors of the rows, in the order of the dataset: for `uniqueness` and the test of the order. Rows are
        compared all with all.
    labels : array-like of shape (N,), optional
        With `features`: for the `value` of each row.
    neighbours : int, default 10
        Rows that vote, and whose places are compared.

    Returns
    -------
    ContentIssues
        `.issues` are the rows to look at. What personal data there is, is pointed at, and nowhere copied.

    Raises
    ------
    InputError
        Nothing is given, lengths differ, or a value is of the wrong kind: `where` names it.

    Notes
    -----
    What is usual is learnt from 5,000 rows at most; each issue says what it tells, and what it can't:
    `labelworks.methods()`, kind `content`. Sources: the exact Shapley values of a vote of neighbours of
    Jia et al. (2019, theorem 1); Kolmogorov and Smirnov's distance, over 199 random orders, for the order.

    Examples
    --------
    >>> import labelworks as lw
    >>> things = ["letter", "parcel", "invoice", "old account", "new card"]
    >>> texts = [f"please send the {each} to my new address" for each in things]
    >>> found = lw.find_content_issues([*texts, "", "ok", "it was sent to jo@example.org, and not to me"])
    >>> found.issues["issues"].tolist()
    ['empty', 'too-short', 'e-mail-address']
    """
    given = {name: values for name, values in (("texts", texts), ("images", images)) if values is not None}
    columns = {name: column(values, name) for name, values in given.items()}
    vectors = None if features is None else checked_features(features)
    if not columns and vectors is None:
        raise InputError("there is nothing to look at", where="texts", fix="give texts, images or features")
    index = _index(columns, vectors)
    scores: dict[str, NDArray[np.floating]] = {}
    for name, held in columns.items():
        values = _arrow(held, name)
        scores |= look_through(name.removesuffix("s"), values, SAMPLE)
        scores |= {"near-duplicate": _unlike(values)} if name == "texts" else {}
    flags = pd.DataFrame({name: score < FLAGGED for name, score in scores.items()}, index)
    if vectors is None or len(index) < 2:
        return ContentIssues(pd.DataFrame(scores, index), flags, None, None)
    k, rows = min(neighbours, len(index) - 1), np.asarray(vectors.values, np.float32)
    distances, places = nearest(rows, k)
    order = row_order(places)
    if labels is not None:
        codes = coded(labels).codes
        length("features", len(rows), len(codes))
        scores["value"] = knn_shapley(rows, codes, k)
    scores |= {"uniqueness": uniqueness(distances[:, 0]), "order_score": order.score}
    return ContentIssues(pd.DataFrame(scores, index), flags, order.effect, order.p_value)


def _unlike(texts: pa.Array) -> NDArray[np.float64]:
    """Scores (N,) of texts: 1 where none is near, 0.5 where one is as similar as near duplicates just are."""
    pairs, alike = similar_pairs(sketches(texts))
    score = np.ones(len(texts))
    for side in pairs.T:
        np.minimum.at(score, side, np.clip((1.0 - alike) / (2.0 * (1.0 - SIMILAR)), 0.0, FLAGGED - 1e-6))
    return score


def _index(columns: dict[str, pd.Series[Any]], vectors: Matrix | None) -> pd.Index:
    """The index of the rows; raise InputError where inputs differ in length."""
    sizes = {name: len(held) for name, held in columns.items()}
    sizes |= {} if vectors is None else {"features": len(vectors.values)}
    first, rows = next(iter(sizes.items()))
    for name, size in sizes.items():
        length(name, size, rows, of=first)
    if columns:
        return columns[first].index
    return pd.RangeIndex(rows) if vectors is None or vectors.index is None else vectors.index


def _arrow(held: pd.Series[Any], name: str) -> pa.Array:
    """Texts or bytes as Arrow; raise InputError, naming the row, where one is something else."""
    if name == "texts":
        return pa.array(instances(held, name, str), pa.large_string())
    return pa.array(instances(held, name, bytes), pa.large_binary())
