"""What models said of doubtful labels, and how far a treatment hears it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelworks.flows.notebook.inputs.classes import names
from labelworks.flows.notebook.inputs.columns import column, length
from labelworks.flows.notebook.label_errors import LabelErrors
from labelworks.flows.notebook.results.shown import Shown, several
from labelworks.schemas.errors import InputError
from labelworks.schemas.findings import JudgeFindings
from labelworks.tasks.methods.judges.heard import trust
from labelworks.tasks.methods.judges.pool import Pooled
from labelworks.tasks.methods.treatment.claims import UNLOOKED
from labelworks.tasks.methods.treatment.decisions import Verdicts


@dataclass(frozen=True, eq=False, repr=False)
class Judgement(Shown):
    """What judges say of the labels of some rows, given by `ask_judges`; all in the order of the review.

    Attributes
    ----------
    rows : ndarray of shape (n,)
        Numbers of the rows that were asked about: look at the first ones first.
    labels : ndarray of shape (n,)
        Their labels as given.
    answers : ndarray of shape (n,)
        The class that most judges say; None: none of the classes, or no answer.
    scores : ndarray of shape (n,), float32
        In [0, 1], low = look first: what findings and judges say together, meant for its order.
    contradicted : ndarray of shape (n,), bool
        Whether the judges hold the given label for wrong.
    not_asked : int
        Rows that were chosen, and for which the budget did not last.
    cost : float
        Of all answers, in the currency of the prices.
    by_judge : tuple of JudgeFindings
        What each judge was asked, its tokens and its cost.
    """

    rows: NDArray[np.int64]
    labels: NDArray[Any]
    answers: NDArray[Any]
    scores: NDArray[np.float32]
    contradicted: NDArray[np.bool_]
    not_asked: int
    cost: float
    by_judge: tuple[JudgeFindings, ...]
    pooled: Pooled = field(repr=False)
    given: NDArray[np.int32] = field(repr=False)
    findings: LabelErrors = field(repr=False)

    def to_pandas(self) -> pd.DataFrame:
        """A row a label that was asked about, under its index, in the order of the review."""
        columns = {
            "label": self.labels,
            "judge_answer": self.answers,
            "judge_score": self.scores,
            "contradicted": self.contradicted,
        }
        return pd.DataFrame(columns, self.findings.index[self.rows])

    @property
    def issues(self) -> pd.DataFrame:
        """The labels that judges contradict, the likeliest wrong first."""
        return self.to_pandas()[self.contradicted]

    @property
    def summary(self) -> str:
        """What was asked, in a line."""
        asked = f"{several(len(self.rows), 'label')} asked about"
        against = f"{int(self.contradicted.sum()):,} contradicted"
        left = f", which did not last for {self.not_asked:,} more" if self.not_asked else ""
        return f"{asked}, {against}; {self.cost:.4g} spent{left}"

    @property
    def _rows(self) -> pd.DataFrame:
        return self.issues

    def verdicts(self, audited: tuple[Any, Any] | None, precision: float) -> tuple[Verdicts, str]:
        """What is heard of them in a treatment, and why no label changes for it.

        audited: numbers of rows that were looked at, and their right labels.
        """
        classes, count = self.findings.classes, len(self.findings.labels)
        looked = looked_at(audited, classes.tolist(), count)[self.rows]
        shown, trusted = trust(self.pooled, self.given, looked, len(classes), precision)
        answer, heard = np.full(count, -1, np.int32), np.zeros(count, bool)
        answer[self.rows], heard[self.rows] = self.pooled.answer, trusted
        return Verdicts(answer, heard, shown.bound), shown.says


def looked_at(audited: tuple[Any, Any] | None, classes: list[Any], count: int) -> NDArray[np.int64]:
    """The class (N,) that people named, K for none of the classes, UNLOOKED where nobody looked."""
    looked = np.full(count, UNLOOKED, np.int64)
    if audited is None:
        return looked
    rows = np.asarray(audited[0], np.int64)
    said = names(column(audited[1], "audited"), "audited")
    length("audited", len(said), len(rows), "its rows")
    if len(rows) and (rows.min() < 0 or rows.max() >= count):
        raise InputError(f"audited rows are no row numbers in [0, {count})", where="audited")
    code = pd.Index(classes).get_indexer(pd.Index(said))
    looked[rows] = np.where(code < 0, len(classes), code)
    return looked
