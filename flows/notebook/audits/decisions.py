"""What people decided, from a notebook: `record_decisions`."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from labelworks.flows.notebook.inputs.columns import frame
from labelworks.flows.notebook.results.shown import Shown
from labelworks.schemas.config.load import absolute
from labelworks.schemas.errors import InputError
from labelworks.tasks.artifacts.decisions.checked import Checked, GivenAnswer
from labelworks.tasks.catalog.history import known_dataset
from labelworks.tasks.review.record import take_answers
from labelworks.tasks.storage.store import Store


@dataclass(frozen=True, eq=False, repr=False)
class Recorded(Shown):
    """What became of answers, given by `record_decisions`.

    Attributes
    ----------
    taken : int
        Answers that are decisions of the dataset now.
    aside : DataFrame
        Those that are not, with `id` and `reason`.
    """

    taken: int
    aside: pd.DataFrame
    checked: Checked

    def to_pandas(self) -> pd.DataFrame:
        """The decisions that were taken, a row each."""
        return pd.DataFrame([decision.model_dump() for decision in self.checked.taken])

    @property
    def summary(self) -> str:
        """What was taken and what was not, in a line."""
        return self.checked.says.replace("\n", "; ")

    @property
    def _rows(self) -> pd.DataFrame:
        return self.aside


def record_decisions(
    dataset: str,
    answers: Any,
    *,
    annotator: str | None = None,
    run: str = "",
    why: Literal["queue", "gold", "like"] = "queue",
    store: str | Path = "labelworks-store",
) -> Recorded:
    """Keep what people decided about rows of a dataset: the next run hears it.

    Parameters
    ----------
    dataset : str
        Its name in the store; a run has to have judged its labels.
    answers : mapping or table
        By id the answer, or a table with the columns `id` and `answer`, and `annotator` where several
        answered. An answer is a class, "keep", "unsure" or "none" (of the classes), with round brackets
        around where a class is called so; several classes with a semicolon between; a number.
    annotator : str, optional
        Who answered; by default the user of this machine.
    run : str, optional
        Id of the run by which the rows were shown.
    why : {"queue", "gold", "like"}, default "queue"
        Why they were shown: as doubtful rows, or again to see how far answers are to be believed; "like":
        nobody looked at them, they are like a row that somebody answered. Rows of an audit come back by
        `labelworks audit import`.
    store : str or Path, default "labelworks-store"
        Where the dataset is kept.

    Returns
    -------
    Recorded
        `.taken` how many, `.aside` which were not and why.

    Raises
    ------
    InputError
        There is no such dataset, no run has judged its labels, or answers have no ids.
    StoreError
        The store can't be reached or written. Then nothing was kept.

    Examples
    --------
    >>> import numpy as np
    >>> import labelworks as lw
    >>> rng = np.random.default_rng(0)
    >>> true = rng.integers(0, 2, 400)
    >>> given = np.where(rng.random(400) < 0.1, 1 - true, true)
    >>> frame = {"name": [f"r{n}" for n in range(400)], "label": np.array(["cat", "dog"])[given]}
    >>> vectors = 9 * true[:, None] + rng.normal(size=(400, 4))
    >>> run = lw.curate(
    ...     frame, label="label", id="name", vector=vectors, name="pets", store="pets", progress=False
    ... )
    >>> lw.record_decisions("pets", {"r0": "dog", "r1": "keep", "r999": "cat"}, store="pets").summary
    '2 taken; 1 put aside: no row has this id'
    """
    rows = _rows_of(answers)
    where = Store(absolute(str(store)))
    who = annotator or getpass.getuser()
    given = [
        GivenAnswer(
            place, str(row["id"]), _text(row["answer"]),
            {"annotator": str(row.get("annotator") or who), "run": run, "why": why},
        )
        for place, row in enumerate(rows, 1)
    ]  # fmt: skip
    checked = take_answers(where, known_dataset(where, dataset), given)
    aside = [{"id": refused.id, "reason": refused.reason} for refused in checked.aside]
    return Recorded(len(checked.taken), pd.DataFrame(aside, columns=["id", "reason"]), checked)


def _rows_of(answers: Any) -> list[dict[str, Any]]:
    if isinstance(answers, Mapping) and not {"id", "answer"} <= set(answers):
        return [{"id": name, "answer": answer} for name, answer in answers.items()]
    table = frame(answers, "answers")
    for name in ("id", "answer"):
        if name not in table.columns:
            raise InputError(
                f"no column {name!r}", where="answers", fix="give a table with id and answer, or a mapping"
            )
    return [dict(zip(map(str, table.columns), row, strict=True)) for row in table.itertuples(index=False)]


def _text(answer: object) -> str:
    """An answer as it would be written; empty where there is none."""
    if isinstance(answer, (list, tuple, set)):
        return "; ".join(map(str, answer))
    return "" if answer is None or (isinstance(answer, float) and answer != answer) else str(answer)
