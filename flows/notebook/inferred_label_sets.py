"""All labels of rows of which one each is known: `infer_label_sets`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelworks.flows.notebook.inputs.observed import index_of, marks_of, said_of
from labelworks.flows.notebook.inputs.out_of_sample import row_folds, telling_features
from labelworks.flows.notebook.results.shown import Shown, several
from labelworks.tasks.methods.treatment.imprecise.core.one_of_several import infer_sets

LIKELY = 0.5  # P(label) from which a row has it: the least error a cell


@dataclass(frozen=True, eq=False, repr=False)
class InferredLabelSets(Shown):
    """Label sets of N rows over K classes, given by `infer_label_sets`.

    Attributes
    ----------
    labels : list of N lists
        The labels that each row has with a probability of .5 or more.
    classes : ndarray of shape (K,)
        The classes, in the order of `posterior`.
    posterior : ndarray of shape (N, K), float32
        P(the row has the label).
    log_likelihood : float
        Mean log P(the label given) of a row, by probes that never saw its fold.
    """

    labels: list[list[Any]]
    classes: NDArray[Any]
    posterior: NDArray[np.float32] = field(repr=False)
    log_likelihood: float
    index: pd.Index = field(repr=False)

    def to_pandas(self) -> pd.DataFrame:
        """A row a row: its labels, and the chance of the least sure decision about one."""
        least = np.abs(self.posterior - LIKELY).min(axis=1) + LIKELY
        return pd.DataFrame({"labels": self.labels, "least_sure": least}, self.index)

    @property
    def summary(self) -> str:
        """What was found, in a line."""
        mean = np.mean([len(label) for label in self.labels])
        return f"{several(len(self.labels), 'row')} with {mean:.2f} of {len(self.classes)} labels on average"

    @property
    def _rows(self) -> pd.DataFrame:
        return self.to_pandas().sort_values("least_sure", kind="stable")


def infer_label_sets(
    observed: Any, features: Any, *, classes: Sequence[Any] | None = None
) -> InferredLabelSets:
    """Find all labels of rows of which one label each is known (single positive, multi-label).

    Parameters
    ----------
    observed : sequence of length N
        One label a row, by chance one of those that it has; None where none is known.
    features : array-like of shape (N, D)
        Vectors of the rows.
    classes : sequence of length K, optional
        The classes; by default those that occur, sorted.

    Returns
    -------
    InferredLabelSets
        Label sets and the posterior; `.to_pandas()` has a row a row.

    Raises
    ------
    InputError
        A row has several labels, or none of the classes.

    Notes
    -----
    Source of the setting: Cole et al. (2021). EM under the exact likelihood of a label given by chance from
    a set of independent ones, with probes that never see a row's own fold. Where labels exclude each other,
    or one is given rather than another, it is wrong, and nothing in the data says so.

    Examples
    --------
    >>> import numpy as np
    >>> import labelworks as lw
    >>> rng = np.random.default_rng(0)
    >>> true = rng.random((600, 4)) < 0.4
    >>> true[~true.any(axis=1), 0] = True
    >>> features = 4 * true + rng.normal(size=true.shape)
    >>> given = [int(rng.choice(np.flatnonzero(row))) for row in true]
    >>> found = lw.infer_label_sets(given, features)
    >>> bool(((found.posterior > 0.5) == true).mean() > 0.95)
    True
    """
    values = said_of(observed, "single-positive", classes)
    marks, order = marks_of(values, classes)
    given = telling_features(features, len(values))
    inferred = infer_sets(marks, given.values, row_folds(len(values)))
    return InferredLabelSets(
        labels=[order[row].tolist() for row in inferred.posterior >= LIKELY],
        classes=order,
        posterior=inferred.posterior,
        log_likelihood=inferred.score,
        index=index_of(observed, len(values)),
    )
