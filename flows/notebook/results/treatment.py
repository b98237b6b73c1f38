"""What became of labels, and what they count for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelworks.flows.notebook.results.shown import Shown, several
from labelworks.schemas.tables import ACTIONS, factor_column
from labelworks.tasks.methods.treatment.decisions import REVIEW
from labelworks.tasks.methods.treatment.review_order import review_order

WAITS = ACTIONS[REVIEW]


@dataclass(frozen=True, eq=False, repr=False)
class Treatment(Shown):
    """What is done about N labels, given by `treat`.

    Attributes
    ----------
    labels, original_labels : ndarray of shape (N,)
        The labels to train on, and as given.
    weights : ndarray of shape (N,), float32
        For training: the product of the factors, clipped, of mean 1.
    factors : dict of ndarray of shape (N,)
        The factors by name, before that.
    actions : ndarray of shape (N,)
        keep, relabel or review.
    reasons : ndarray of shape (N,)
        Why that action, and why that weight.
    removed_by_look : ndarray of shape (N,), float32
        How many errors a look at each row is expected to remove.
    note : str
        Why nothing, or less, was changed; "" where there is nothing to say.
    """

    labels: NDArray[Any]
    original_labels: NDArray[Any]
    weights: NDArray[np.float32]
    actions: NDArray[Any]
    reasons: NDArray[Any]
    removed_by_look: NDArray[np.float32]
    rare: NDArray[np.bool_] = field(repr=False)
    index: pd.Index = field(repr=False)
    note: str = ""
    factors: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    def to_pandas(self) -> pd.DataFrame:
        """A row a label, with the columns that a published version has."""
        columns = {
            "label": self.labels,
            "original_label": self.original_labels,
            "action": self.actions,
            "reason": self.reasons,
            "weight": self.weights,
            **{factor_column(name): values for name, values in self.factors.items()},
        }
        return pd.DataFrame(columns, self.index)

    @property
    def issues(self) -> pd.DataFrame:
        """The rows that wait for a person, then those that were relabelled: look at the first ones first.

        Of those that wait, rows of rare classes come first, which nothing else will mend; all in the order of
        how much error a look is expected to remove.
        """
        order = review_order(self.removed_by_look, self.actions == WAITS, self.rare)
        rows: pd.DataFrame = self.to_pandas().iloc[order[self.actions[order] != ACTIONS[0]]]
        return rows

    @property
    def summary(self) -> str:
        """What was done, in a line."""
        note = f"; {self.note}" if self.note else ""
        names = ACTIONS[: REVIEW + 1]
        counts = ", ".join(f"{int((self.actions == action).sum()):,} {action}" for action in names)
        return f"{several(len(self.labels), 'label')}: {counts}; rows count for {self.effective:,.0f}{note}"

    @property
    def effective(self) -> float:
        """How many rows of equal weight tell as much: (Σ w)² / Σ w²."""
        weights = self.weights.astype(np.float64)
        return float(weights.sum() ** 2 / max(np.square(weights).sum(), np.finfo(float).tiny))

    @property
    def _rows(self) -> pd.DataFrame:
        return self.issues
