"""Results that are regions of rows: what is judged to find them, and how they are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelworks.flows.notebook.inputs.classes import Labels, coded
from labelworks.flows.notebook.inputs.out_of_sample import checked_features, row_folds
from labelworks.flows.notebook.results.shown import several
from labelworks.tasks.methods.poison.apart import Found
from labelworks.tasks.methods.poison.linear import linear_probs


@dataclass(frozen=True, eq=False, repr=False)
class RegionRows:
    """A result that is the rows of regions, under their index; `region` numbers these, 0 is the surest."""

    rows: pd.DataFrame

    def to_pandas(self) -> pd.DataFrame:
        """A row a row of a region."""
        return self.rows

    @property
    def summary(self) -> str:
        """How many there are, in a line."""
        return f"{several(self.rows['region'].nunique(), 'region')} of {several(len(self.rows), 'row')}"


@dataclass(frozen=True, eq=False)
class LinearlyJudged:
    """Labels of rows, their features (N, D), and probs (N, K) by a linear model of the other folds (N,)."""

    labels: Labels
    features: NDArray[Any]
    folds: NDArray[np.int64]
    probs: NDArray[np.floating]

    @classmethod
    def of(cls, labels: Any, features: Any) -> LinearlyJudged:
        """Raises InputError for lengths that differ, a missing label or features that are no numbers."""
        given = coded(labels)
        vectors = np.asarray(checked_features(features, len(given.codes)).values)
        folds = row_folds(len(given.codes))
        return cls(given, vectors, folds, linear_probs(vectors, given.codes, folds, len(given.classes)))

    def rows_of(self, regions: Sequence[Found], **columns: Callable[[Found], Any]) -> pd.DataFrame:
        """A row a row of a region, with columns of what is said of the region or of each of its rows."""
        tables = [
            pd.DataFrame(
                {"region": number} | {name: said(region) for name, said in columns.items()},
                self.labels.index[region.rows],
            )
            for number, region in enumerate(regions)
        ]
        nothing = pd.DataFrame({name: [] for name in ("region", *columns)}, self.labels.index[:0])
        return pd.concat(tables) if tables else nothing
