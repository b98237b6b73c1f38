"""Answers of people taken into a dataset's decisions, and the list of what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from labelworks.schemas.decisions import RowDecision, in_force, of_table
from labelworks.schemas.errors import InputError
from labelworks.schemas.records import DatasetRef
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.decisions.checked import Checked, GivenAnswer, check_answers
from labelworks.tasks.artifacts.decisions.log import (
    append_decisions,
    decisions_files,
    decisions_in_force,
    read_decisions,
)
from labelworks.tasks.artifacts.shown.rows_by_id import ShownRow, judged_ref, shown_rows
from labelworks.tasks.catalog.history import runs
from labelworks.tasks.storage.store import Store

Standing = Literal["", "undone", "stale", "gone"]


@dataclass(frozen=True)
class LogEntry:
    """A decision, and whether it counts.

    undone: or answered anew by the same person; stale: the row isn't as it was shown; gone: it is no more.
    """

    decision: RowDecision
    standing: Standing = ""


def newest_judged(store: Store, dataset: str) -> tuple[Artifacts, DatasetRef]:
    """The newest run of a dataset that judged its labels, by which rows are as they are now."""
    for run in reversed(runs(store, dataset)):
        artifacts = Artifacts(store, run.dataset, run.run_id)
        if store.exists(artifacts.file("detect", "result.json")):
            return artifacts, judged_ref(artifacts)
    raise InputError(
        f"no run of {dataset!r} has judged its labels", where=store.url(dataset), fix="`labelworks run` first"
    )


def take_answers(store: Store, dataset: str, answers: Sequence[GivenAnswer]) -> Checked:
    """Check answers against the rows as they are now, and keep all that hold; killed meanwhile, none."""
    artifacts, ref = newest_judged(store, dataset)
    known = shown_rows(artifacts, ref, [answer.id for answer in answers])
    before = decisions_in_force(store, decisions_files(store, dataset))
    checked = check_answers(
        answers, known, dataset=dataset, classes=ref.classes, label_type=ref.label_type, before=before
    )
    append_decisions(store, dataset, checked.taken)
    return checked


def decided(store: Store, dataset: str) -> list[LogEntry]:
    """The decisions of a dataset in their order, each beside what has become of its row."""
    decisions = of_table(read_decisions(store, decisions_files(store, dataset)))
    if not decisions:
        return []
    artifacts, ref = newest_judged(store, dataset)
    known = shown_rows(artifacts, ref, {decision.id for decision in decisions})
    counted = set(map(id, in_force(decisions)))
    return [
        LogEntry(
            decision, _standing(decision, known.get(decision.id)) if id(decision) in counted else "undone"
        )
        for decision in decisions
    ]


def _standing(decision: RowDecision, row: ShownRow | None) -> Standing:
    if row is None:
        return "gone"
    return "stale" if decision.stale(row.content, row.given) else ""
