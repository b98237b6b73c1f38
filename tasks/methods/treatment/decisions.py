"""Keep, relabel or send to review: what is decided on rows, by the cut of the whole dataset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.tables import ACTIONS
from labelworks.tasks.methods.treatment.claims import JudgedLabels
from labelworks.tasks.methods.treatment.cut import NEVER, Cut

KEEP, RELABEL, REVIEW, INFER, DECIDED, DROP = range(len(ACTIONS))
REASONS = (
    "not suspicious",
    "the given label is unlikely, another is likely",
    "the given label is unlikely, no other is likely enough",
    "suspicious, kept",
    "perhaps of none of the classes",
    "its class, or the likelier one, has too few rows to judge by",
    "models that were asked say another class",
    "models that were asked say another class, and audited rows have shown them right",
    "inferred of what was observed and of the features",
    "what was observed leaves several classes about as likely",
    "one of the classes that were observed, drawn by chance: nothing better is proven",
    "nothing was observed, and nothing better than chance is proven: it counts for nothing",
    "people decided",
    "people say that it is of none of the classes",
    "people's answers and all else don't agree: look again",
)
(
    KEPT, RELABELLED, REVIEWED, SUSPECTED, OUTSIDE, FEW, DISPUTED, CORRECTED,
    INFERRED, UNSETTLED, DRAWN, SILENT, ANSWERED, NO_CLASS, CONTESTED,
) = range(len(REASONS))  # fmt: skip


@dataclass(frozen=True)
class Decisions:
    """Row by row: the label (N,), codes of action and reason (N,), P(the label is right) (N,)."""

    label: NDArray[np.int32]
    action: NDArray[np.int8]
    reason: NDArray[np.int8]
    right: NDArray[np.float32]


@dataclass(frozen=True)
class Verdicts:
    """What models that were asked about some of the rows (N,) say.

    answer: a class, K for none of the classes, -1 where nobody was asked or answered. trusted: rows whose
    given label isn't the answer and becomes it: audited rows have shown that right in `bound` of such rows.
    """

    answer: NDArray[np.int32]
    trusted: NDArray[np.bool_]
    bound: float


def decide(rows: JudgedLabels, cut: Cut, *, relabel: bool) -> Decisions:
    """Decide on rows (N,) by their claims and the cut; without `relabel` no label changes.

    Rows that may be of none of the classes go to review, as another label would be as wrong. So do flagged
    ones whose doubt rests on a class of a handful of rows, which bears neither a new label nor a weight.
    """
    strange, doubtful = rows.outside & relabel, (rows.few | cut.spares(rows.given)) & rows.flag
    sure, label, claim = _changes(rows, cut)
    sure &= relabel
    unsure = rows.flag & ~sure & relabel
    action = np.select([sure, unsure | strange], [RELABEL, REVIEW], KEEP).astype(np.int8)
    kinds = [OUTSIDE, RELABELLED, FEW, REVIEWED, SUSPECTED]
    reason = np.select([strange, sure, unsure & doubtful, unsure, rows.flag], kinds, KEPT).astype(np.int8)
    right = np.where(sure, claim, 1.0 - rows.error_probability).astype(np.float32)
    right[rows.few] = 1.0
    return Decisions(np.where(sure, label, rows.given).astype(np.int32), action, reason, right)


def with_verdicts(decided: Decisions, rows: JudgedLabels, said: Verdicts) -> Decisions:
    """The same, after models were asked: what they contradict waits for a person, unless they are trusted.

    They take back no doubt: a row that was sent to review stays there. Rows of a class of a handful, or
    perhaps of none, bear no new label from them either.
    """
    against = (said.answer >= 0) & (said.answer != decided.label)
    trusted = against & said.trusted & ~rows.few & ~rows.outside
    disputed = against & ~trusted & (decided.action != REVIEW)
    label = np.select([trusted, disputed], [said.answer, rows.given], decided.label)
    doubted = np.where(rows.few, 1.0, 1.0 - rows.error_probability)
    return Decisions(
        label.astype(np.int32),
        np.select([trusted, disputed], [RELABEL, REVIEW], decided.action).astype(np.int8),
        np.select([trusted, disputed], [CORRECTED, DISPUTED], decided.reason).astype(np.int8),
        np.select([trusted, disputed], [np.float64(said.bound), doubted], decided.right).astype(np.float32),
    )


@dataclass(frozen=True, eq=False)
class Answered:
    """What is so of rows after people answered: their places (n,), the class, and P(it is right).

    label: K for none of the classes, -1 where the answers don't settle it.
    """

    place: NDArray[np.intp]
    label: NDArray[np.int32]
    right: NDArray[np.float32]


def with_answers(decided: Decisions, given: NDArray[np.int32], said: Answered, classes: int) -> Decisions:
    """The same, after people answered about some of the rows: that is decided, whatever scores said."""
    label, action = decided.label.copy(), decided.action.copy()
    reason, right = decided.reason.copy(), decided.right.copy()
    kinds = [said.label < 0, said.label == classes]
    named = np.where((said.label >= 0) & (said.label < classes), said.label, given[said.place])
    label[said.place] = named
    action[said.place] = np.select(kinds, [REVIEW, DROP], DECIDED)
    reason[said.place] = np.select(kinds, [CONTESTED, NO_CLASS], ANSWERED)
    right[said.place] = np.where(kinds[1], 0.0, said.right)
    return Decisions(label, action, reason, right)


def _changes(
    rows: JudgedLabels, cut: Cut
) -> tuple[NDArray[np.bool_], NDArray[np.int32], NDArray[np.float32]]:
    """Which labels (N,) change, to what, and what is claimed of it."""
    if not cut.confident:
        claim = rows.claim if cut.proven is None else np.maximum(rows.claim, np.float32(cut.proven))
        return cut.changes(rows), rows.suggestion, claim
    if rows.confident is None or rows.confident_probability is None:
        return np.zeros(len(rows.given), bool), rows.suggestion, rows.claim
    said = (rows.confident >= 0) & (cut.over[rows.given] < NEVER)
    return np.asarray(said & ~rows.few & ~rows.outside), rows.confident, rows.confident_probability
