"""What moved from one run of the pipeline to another: `compare_runs`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from labelworks.flows.notebook.results.shown import Shown
from labelworks.schemas.config.load import absolute
from labelworks.tasks.catalog.history import ended, lookup
from labelworks.tasks.report.comparison.page import RunComparison, page
from labelworks.tasks.report.comparison.rows import changed_rows
from labelworks.tasks.storage.store import Store

COLUMNS = ["id", "given", "label_before", "action_before", "label_after", "action_after"]


@dataclass(frozen=True, eq=False, repr=False)
class ComparedRuns(Shown):
    """Two runs beside each other, given by `compare_runs`.

    Attributes
    ----------
    figures : DataFrame
        A row a figure: `before`, `after`, `by`, and `change`: whether the intervals meet.
    rows : DataFrame
        Some rows that bear another label or action in the second run; none where one published none.
    page : str
        The comparison as one HTML page; rows are named by their ids alone.
    """

    figures: pd.DataFrame
    rows: pd.DataFrame
    page: str
    compared: RunComparison

    def to_pandas(self) -> pd.DataFrame:
        """A row a figure."""
        return self.figures

    @property
    def summary(self) -> str:
        """What moved, in a line."""
        return self.compared.sentence.strip()

    @property
    def _rows(self) -> pd.DataFrame:
        return self.figures[self.figures["before"] != self.figures["after"]]


def compare_runs(before: str, after: str, *, store: str | Path = "labelworks-store") -> ComparedRuns:
    """Say what moved from one run to another: figures with their intervals, labels and actions of rows.

    Parameters
    ----------
    before, after : str
        Ids of runs, or as much of their beginnings as is unique; `lw.curate(...).record.run_id` is one.
    store : str or Path, default "labelworks-store"
        Where they are kept.

    Returns
    -------
    ComparedRuns
        `.figures`, `.rows`, and `.page`, which `labelworks report compare` writes with what the rows hold.

    Raises
    ------
    InputError
        There is no such run, several begin so, or one has not come to its end.
    StoreError
        The store can't be read.

    Notes
    -----
    Rows are compared by their ids. A figure has moved where its two intervals of 95 % don't meet; where they
    do, it may have moved nonetheless. Source: this project.

    Examples
    --------
    >>> import numpy as np
    >>> import labelworks as lw
    >>> rng = np.random.default_rng(0)
    >>> true = rng.integers(0, 2, 200)
    >>> frame = {"name": [f"r{n}" for n in range(200)], "label": np.array(["cat", "dog"])[true]}
    >>> vectors = 9 * true[:, None] + rng.normal(size=(200, 4))
    >>> made = lw.curate(
    ...     frame, label="label", id="name", vector=vectors, name="dogs", store="dogs", progress=False
    ... )
    >>> run = made.record.run_id
    >>> lw.compare_runs(run, run, store="dogs").compared.rows.label  # of the same run none
    0
    """
    held = Store(absolute(str(store)))
    first, second = (ended(held, *lookup(held, run)) for run in (before, after))
    rows = changed_rows(held, first, second)
    compared = RunComparison(first, second, rows, {})
    figures = pd.DataFrame(
        [(figure.name, figure.before, figure.after, figure.by, figure.change) for figure in compared.figures],
        columns=["figure", "before", "after", "by", "change"],
    ).set_index("figure")
    changed = [(row.id, row.given, *row.before, *row.after) for row in (rows.examples if rows else [])]
    return ComparedRuns(figures, pd.DataFrame(changed, columns=COLUMNS), page(compared), compared)
