"""Rows to look at, from a notebook: `review_queue`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from labelworks.flows.cli.judged_run import open_judged
from labelworks.flows.notebook.results.shown import Shown, several
from labelworks.schemas.config.load import absolute
from labelworks.schemas.review import ReviewQueue
from labelworks.tasks.catalog.history import known_dataset
from labelworks.tasks.review import queue as queues
from labelworks.tasks.review.record import newest_judged
from labelworks.tasks.storage.store import Store

COLUMNS = ["id", "shown", "given", "suggestion", "probabilities", "removed", "why", "like"]


@dataclass(frozen=True, eq=False, repr=False)
class RowsToReview(Shown):
    """Rows to look at, given by `review_queue`.

    Attributes
    ----------
    queue : ReviewQueue
        All that is known of them, as `labelworks review export` writes it.
    """

    queue: ReviewQueue

    def to_pandas(self) -> pd.DataFrame:
        """The rows in their order; `removed` is how many errors a look is expected to remove."""
        rows = [{name: getattr(row, name) for name in COLUMNS} for row in self.queue.rows]
        table = pd.DataFrame(rows, columns=COLUMNS)
        table["probabilities"] = table["probabilities"].map(dict)
        return table

    @property
    def summary(self) -> str:
        """How many rows there are, and what looks at them are expected to remove."""
        removed = sum(row.removed for row in self.queue.rows)
        return f"{several(len(self.queue.rows), 'row')} to look at; likely to remove {removed:.1f} errors"


def review_queue(
    dataset: str,
    rows: int = 100,
    *,
    by: Literal["error-removed", "class-coverage", "audit"] = "error-removed",
    seed: int = 0,
    store: str | Path = "labelworks-store",
    config: str | None = None,
) -> RowsToReview:
    """Rows of a dataset's newest run that people should look at, the most useful looks first.

    Parameters
    ----------
    dataset : str
        Its name in the store; a run has to have judged its labels.
    rows : int, default 100
        How many at most.
    by : {"error-removed", "class-coverage", "audit"}
        Where a look is expected to remove most error, be it one more look at a row whose answers don't
        agree; as many rows of each given class; or drawn with known probabilities, for an estimate of how
        many labels are wrong. Of the first two, one row in twenty is one that people have answered about.
    seed : int, default 0
        For "audit": another seed draws other rows.
    store : str or Path, default "labelworks-store"
        Where the dataset is kept.
    config : str, optional
        A config that opens the dataset's source, where the run has not come to an end.

    Returns
    -------
    RowsToReview
        `.to_pandas()` has a row each; answers go to `record_decisions`.

    Raises
    ------
    ConfigError
        Labels are no single class, and rows are to be counted by class.
    InputError
        There is no such dataset, or no run has judged its labels.

    Notes
    -----
    Source of what another answer is worth: Frazier, Powell & Dayanik, 2008 (knowledge gradient).

    Examples
    --------
    >>> import numpy as np
    >>> import labelworks as lw
    >>> rng = np.random.default_rng(0)
    >>> true = rng.integers(0, 2, 400)
    >>> given = np.where(rng.random(400) < 0.1, 1 - true, true)
    >>> frame = {"name": [f"r{n}" for n in range(400)], "label": np.array(["cat", "dog"])[given]}
    >>> vectors = 2 * true[:, None] + rng.normal(size=(400, 4))
    >>> run = lw.curate(
    ...     frame, label="label", id="name", vector=vectors, name="animals", store="pets", progress=False
    ... )
    >>> looks = lw.review_queue("animals", 20, store="pets")
    >>> len(looks.to_pandas())
    20
    """
    where = Store(absolute(str(store)))
    artifacts, _ = newest_judged(where, known_dataset(where, dataset))
    run = open_judged(where, artifacts.dataset, artifacts.id, config)
    return RowsToReview(queues.review_queue(run.artifacts, run.source, rows, by=by, seed=seed))
