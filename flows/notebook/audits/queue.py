"""Rows to look at, from a notebook: `review_queue`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from labelworks.flows.cli.judged_run import open_judged
from labelworks.flows.notebook.results.shown import Shown, several
from labelworks.schemas.config.labels.hierarchy import check_hierarchy, read_hierarchy
from labelworks.schemas.config.load import absolute
from labelworks.schemas.errors import ConfigError
from labelworks.schemas.review import ReviewQueue
from labelworks.tasks.catalog.history import known_dataset
from labelworks.tasks.review import queue as queues
from labelworks.tasks.review.record import newest_judged
from labelworks.tasks.storage.store import Store

COLUMNS = ["id", "shown", "given", "suggestion", "probabilities", "removed", "distance", "why", "like"]


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
        """The rows in their order; `removed` is how many errors a look is expected to remove.

        `distance`: how far the label is from the true class, if it is wrong, where there is a hierarchy:
        then errors are weighted by it.
        """
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
    seed: int | None = None,
    hierarchy: str | Mapping[str, str | None] | None = None,
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
    by : {"error-removed", "class-coverage", "audit"}, default "error-removed"
        Where a look is expected to remove most error, be it one more look at a row whose answers don't
        agree; as many rows of each given class; or drawn with known probabilities, for an estimate of how
        many labels are wrong. Of the first two, one row in twenty is one that people have answered about.
    seed : int, optional
        For "audit", by default 0: another seed draws other rows.
    hierarchy : str or mapping, optional
        Which classes are like each other: by class the one above it, or what separates them in names such
        as "animal/dog". An error then counts by how far the label is from the true class, 1 where no two
        classes are farther apart. By default as the run's config says.
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
        Labels are no single class, and rows are to be counted by class or weighted by a hierarchy; a
        class has no place in it; or a seed is given, and rows aren't drawn by chance.
    InputError
        There is no such dataset, or no run has judged its labels.

    Notes
    -----
    A wrong label costs the steps between it and the true class in the tree, as a share of the most that
    two classes lie apart. Source of what another answer is worth: Frazier, Powell & Dayanik, 2008
    (knowledge gradient).

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
    tree = run.config.dataset.hierarchy if hierarchy is None else checked_hierarchy(hierarchy)
    return RowsToReview(
        queues.review_queue(run.artifacts, run.source, rows, by=by, seed=seed, hierarchy=tree)
    )


def checked_hierarchy(given: str | Mapping[Any, Any]) -> str | dict[str, str | None]:
    """A hierarchy as a config has it; ConfigError where it is none."""
    hierarchy: str | dict[str, str | None] = read_hierarchy(given)
    try:
        check_hierarchy(hierarchy)
    except ValueError as error:
        raise ConfigError(str(error), where="hierarchy") from error
    return hierarchy
