"""A desk: rows of a queue are handed out and answered; what was stored counts, nothing else does."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from labelworks.schemas.decisions import RowDecision, in_force
from labelworks.schemas.review import LabelKind, ReviewQueue, ReviewRow
from labelworks.tasks.artifacts.decisions.checked import Aside, Checked, GivenAnswer, check_answers
from labelworks.tasks.artifacts.decisions.estimates import right_as_given, sample_estimates
from labelworks.tasks.artifacts.shown.rows_by_id import BETWEEN, ShownRow, as_text
from labelworks.tasks.methods.review.errors_removed import ErrorsRemoved, LooksMade, errors_removed
from labelworks.tasks.review.desk.handed import HandedRows

SHOWN_BY = {"why", "sample", "stratum", "stratum_rows", "stratum_likely", "probability"}
LABEL_TYPES: dict[LabelKind, str] = {"class": "string", "classes": "list", "number": "number", "tags": "tags"}


@dataclass(frozen=True)
class DeskAnswer:
    """An answer to a row by its id. act: the same of those that were given at one moment, by one key.

    like: it was given to another row that this one is like, and nobody looked at this one.
    """

    id: str
    answer: str
    act: int = 0
    like: bool = False


@dataclass(frozen=True)
class DeskProgress:
    """How far people are: rows of the queue, those answered, and what the answers of its run came to.

    audit: what the answers say of all rows, where the queue is an audit's sample.
    """

    rows: int
    answered: int
    removed: ErrorsRemoved
    audit: str = ""


class ReviewDesk:
    """Rows of a queue and what people answer about them.

    before: the dataset's decisions so far, all of them; looked: rows beside the queue's that they are about.
    Answers are checked here and stored by whoever calls; `stored` says that they are.
    """

    def __init__(
        self, queue: ReviewQueue, before: Sequence[RowDecision] = (), looked: Iterable[ReviewRow] = ()
    ) -> None:
        self.queue = queue
        self.rows: dict[str, ReviewRow] = {}
        for row in (*queue.rows, *looked):
            self.rows.setdefault(row.id, row)
        self._samples = {row.id: row.sample for row in queue.rows}
        self._made, self._waiting = list(before), list[RowDecision]()
        self._handed = HandedRows(grouped(queue.rows))
        self._handed.close(self._answered_before())
        self._progress: tuple[ErrorsRemoved, str] | None = None

    def hand(self, holder: str, most: int) -> list[list[ReviewRow]]:
        """Groups of rows for a holder: what it has, topped up; the first of each is the one to look at."""
        return [[self.rows[name] for name in group] for group in self._handed.take(holder, most)]

    def check(self, annotator: str, answers: Sequence[DeskAnswer]) -> Checked:
        """Check answers to rows by their ids. Those taken are to be stored, and handed to nobody meanwhile.

        One that is stored already, and sent again by who never heard so, is neither taken nor put aside.
        """
        now = datetime.now(UTC)
        moments = {
            act: now + timedelta(milliseconds=place)
            for place, act in enumerate(dict.fromkeys(answer.act for answer in answers))
        }
        asked = [
            GivenAnswer(place, answer.id, answer.answer, self._facts(answer, annotator, moments[answer.act]))
            for place, answer in enumerate(answers, 1)
        ]
        held = in_force([*self._made, *self._waiting])
        checked = check_answers(
            asked,
            {name: ShownRow(row.content, row.given, row.suggestion) for name, row in self.rows.items()},
            dataset=self.queue.dataset,
            classes=self.queue.classes,
            label_type=LABEL_TYPES[self.queue.label],
            before=held,
        )
        self._waiting += checked.taken
        aside = tuple(
            refused for refused in checked.aside if not self._again(asked[refused.place - 1], held, refused)
        )
        return Checked(checked.taken, aside, checked.unanswered)

    def undo(self, annotator: str, names: Collection[str]) -> list[RowDecision]:
        """Decisions to store that undo what a person answered last about rows, as far as that counts."""
        made, asked = in_force([*self._made, *self._waiting]), set(names)
        last = {
            decision.id: decision
            for decision in made
            if self._is(decision, annotator) and decision.id in asked
        }
        undone = [
            decision.model_copy(
                update={"answer": "undone", "classes": (), "number": None, "when": datetime.now(UTC)}
            )
            for decision in last.values()
        ]
        self._waiting += undone
        return undone

    def answered(self, annotator: str) -> list[RowDecision]:
        """What a person answered about this run's rows and counts, in order.

        A row that is shown again, or drawn for an audit, is another question than it was the first time.
        """
        return [
            decision
            for decision in in_force(self._made)
            if self._is(decision, annotator)
            and decision.id in self.rows
            and self._of_queue(decision) is not False
        ]

    def stored(self, decisions: Sequence[RowDecision], holder: str) -> None:
        """Decisions are in the store: from now on they count."""
        self._made += decisions
        self.lost(decisions)
        self._handed.close([decision.id for decision in decisions if decision.answer != "undone"])
        self._handed.reopen([decision.id for decision in decisions if decision.answer == "undone"], holder)
        self._progress = None

    def lost(self, decisions: Sequence[RowDecision]) -> None:
        """Decisions are not waited for any more."""
        gone = set(map(id, decisions))
        self._waiting = [decision for decision in self._waiting if id(decision) not in gone]

    def progress(self) -> DeskProgress:
        """How far people are."""
        if self._progress is None:
            made = in_force(self._made)
            self._progress = removed_by(made, self.rows, self.queue), audited_by(made, self.queue)
        left = self._handed.left
        return DeskProgress(len(self.queue.rows), len(self.queue.rows) - left, *self._progress)

    def waits(self, annotator: str, names: Collection[str]) -> bool:
        """Whether what a person answered about one of these rows is still to be stored."""
        asked = set(names)
        return any(decision.id in asked and self._is(decision, annotator) for decision in self._waiting)

    def _of_queue(self, decision: RowDecision) -> bool | None:
        """Whether it answers the question that the queue asks about its row; None: the queue asks none."""
        return self._samples[decision.id] == decision.sample if decision.id in self._samples else None

    def _answered_before(self) -> list[str]:
        """Rows of a sample, which is the same whenever it is drawn again, that were answered in it."""
        held = {row.id: row.content for row in self.queue.rows if row.sample is not None}
        return [
            decision.id
            for decision in in_force(self._made)
            if held.get(decision.id) == decision.content
            and decision.run == self.queue.run
            and self._of_queue(decision)
        ]

    def _is(self, decision: RowDecision, annotator: str) -> bool:
        return (decision.annotator, decision.run) == (annotator, self.queue.run)

    def _again(self, asked: GivenAnswer, held: Sequence[RowDecision], aside: Aside) -> bool:
        """Whether an answer that was put aside says what was stored of its row."""
        said = asked.answer.strip().strip("()").lower()
        return any(
            said in (decision.answer, answer_of(decision).lower())
            for decision in held
            if decision.id == aside.id and self._is(decision, asked.facts["annotator"])
        )

    def _facts(self, answer: DeskAnswer, annotator: str, when: datetime) -> dict[str, Any]:
        row = self.rows.get(answer.id)
        shown = row.model_dump(include=SHOWN_BY) if row else {}
        shown |= {"why": "like"} if answer.like and not shown.get("sample") else {}
        return {"annotator": annotator, "run": self.queue.run, "when": when, **shown}


def grouped(rows: Sequence[ReviewRow]) -> list[list[str]]:
    """Ids of rows in groups that one look may decide, in the order of the first of each."""
    groups: dict[str, list[str]] = {}
    for row in rows:
        groups.setdefault(row.like or row.id, []).append(row.id)
    return list(groups.values())


def answer_of(decision: RowDecision) -> str:
    """An answer as it is written."""
    if decision.number is not None:
        return as_text(decision.number)
    return BETWEEN.join(decision.classes) if decision.classes else f"({decision.answer})"


def removed_by(
    decisions: Sequence[RowDecision], rows: Mapping[str, ReviewRow], queue: ReviewQueue
) -> ErrorsRemoved:
    """How many wrong labels the answers about a queue's rows put right: of each row what came last."""
    last = {
        decision.id: decision for decision in decisions if decision.run == queue.run and decision.id in rows
    }
    said = [decision for decision in last.values() if decision.answer != "unsure"]
    who = {name: place for place, name in enumerate(sorted({decision.reviewer for decision in said}))}
    shown = [rows[decision.id] for decision in said]
    looks = LooksMade.of(
        np.array([_probability(row, row.given, queue) for row in shown]),
        np.array(
            [_probability(row, answer_of(decision), queue) for row, decision in zip(shown, said, strict=True)]
        ),
        np.array([decision.answer == "none" for decision in said], bool),
        np.array([decision.answer != "keep" and not right_as_given(decision) for decision in said], bool),
        np.array([who[decision.reviewer] for decision in said], np.int64),
        len(queue.classes) + 1 if queue.label == "class" else 2,
    )
    return errors_removed(looks)


def audited_by(decisions: Sequence[RowDecision], queue: ReviewQueue) -> str:
    """What the answers to an audit's sample say of all rows; empty before there is one of every stratum."""
    strata = {row.stratum for row in queue.rows if row.why == "audit"}
    sample = next((row.sample for row in queue.rows if row.why == "audit"), None)
    mine = [decision for decision in decisions if sample is not None and decision.sample == sample]
    if not strata or {decision.stratum for decision in mine if decision.answer != "unsure"} != strata:
        return ""
    return next((estimate.brief for estimate in sample_estimates(mine)), "")


def _probability(row: ReviewRow, label: str, queue: ReviewQueue) -> float:
    """That of a label by the scores; of one that isn't listed its share of the rest."""
    listed = dict(row.probabilities)
    others = len(queue.classes) - len(listed) if queue.label == "class" else 1
    return listed.get(label, max(1 - sum(listed.values()), 0.0) / max(others, 1))
