"""Answers checked row by row against a dataset as it is: taken as decisions, or put aside with the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from labelworks.schemas.decisions import RowDecision
from labelworks.schemas.errors import InputError
from labelworks.tasks.artifacts.decisions.answers import read_answer
from labelworks.tasks.artifacts.shown.rows_by_id import ShownRow

UNKNOWN, STALE = "no row has this id", "stale: what the row holds has changed since it was shown"
OTHER, TWICE = "of another dataset", "decided before, or twice in this file"


@dataclass(frozen=True)
class GivenAnswer:
    """An answer as it came: of the row with that id; empty where there is none yet.

    place: its row in the file, from 1; facts: the other fields of a decision, as far as they are known.
    """

    place: int
    id: str
    answer: str
    facts: Mapping[str, Any]
    dataset: str = ""


@dataclass(frozen=True)
class Aside:
    """An answer that was not taken, and why."""

    place: int
    id: str
    reason: str


@dataclass(frozen=True)
class Checked:
    """What became of answers: decisions, those put aside, and how many rows had none."""

    taken: tuple[RowDecision, ...]
    aside: tuple[Aside, ...]
    unanswered: int

    @property
    def says(self) -> str:
        """What was taken and what was not, in a line for each reason."""
        reasons = Counter(refused.reason for refused in self.aside)
        put_aside = (f"{count:,} put aside: {reason}" for reason, count in reasons.most_common())
        without = [f"{self.unanswered:,} without an answer"] if self.unanswered else []
        return "\n".join([f"{len(self.taken):,} taken", *put_aside, *without])


def check_answers(
    answers: Sequence[GivenAnswer],
    known: Mapping[str, ShownRow],
    *,
    dataset: str,
    classes: Sequence[str | int],
    label_type: str,
    before: Collection[RowDecision] = (),
) -> Checked:
    """Check each answer. known: by id the rows there are; before: decisions that were made already.

    Who answered a row that has changed since is asked again.
    """
    seen = {
        decision.asked
        for decision in before
        if (row := known.get(decision.id)) and not decision.stale(row.content, row.given)
    }
    names, taken, aside, unanswered = {str(name) for name in classes}, list[RowDecision](), list[Aside](), 0
    for answer in answers:
        if not answer.answer.strip():
            unanswered += 1
            continue
        try:
            decision = _decision(answer, known, dataset, names, label_type)
        except InputError as error:
            aside.append(Aside(answer.place, answer.id, error.what))
            continue
        if decision.asked in seen:
            aside.append(Aside(answer.place, answer.id, TWICE))
            continue
        seen.add(decision.asked)
        taken.append(decision)
    return Checked(tuple(taken), tuple(aside), unanswered)


def _decision(
    each: GivenAnswer, known: Mapping[str, ShownRow], dataset: str, classes: set[str], label_type: str
) -> RowDecision:
    if each.dataset and each.dataset.partition("@")[0] != dataset.partition("@")[0]:
        raise InputError(OTHER)
    row = known.get(each.id)
    if row is None:
        raise InputError(UNKNOWN)
    facts = {"content": row.content, "given": row.given, "suggestion": row.suggestion, **each.facts}
    try:
        decision = RowDecision(id=each.id, **read_answer(each.answer, classes, label_type), **facts)
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{'.'.join(map(str, first['loc'])) or 'the row'}: {first['msg']}") from error
    if decision.stale(row.content, row.given):
        raise InputError(STALE)
    return decision
