"""Rows to look at as a table artifact: the likeliest wrong labels, and once treated the queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from labelworks.schemas.records import DatasetRef
from labelworks.schemas.stage_results import DetectResult
from labelworks.tasks.artifacts.shown.contents import Content
from labelworks.tasks.artifacts.shown.marks import differing, marked, spans_text
from labelworks.tasks.report.evidence import WorstRow
from labelworks.tasks.report.texts import wording

LISTED = 100  # rows of the queue


def likeliest_table(result: DetectResult) -> list[dict[str, str]]:
    """The likeliest wrong labels, worst first."""
    return [
        {
            "id": row.id,
            "label": str(named_class(result.ref, row.given)),
            "likelier": str(named_class(result.ref, row.suggestion)),
            "P(wrong)": wording.chance(row.error_probability),
        }
        for row in result.figures.evidence.worst
    ]


def flagged_table(rows: Sequence[WorstRow]) -> list[dict[str, str]]:
    """The first rows of those that are listed for people, with what became of them and why."""
    return [
        {
            "id": row.id,
            "label": str(row.given),
            "likelier": str(row.suggested),
            "P(wrong)": wording.chance(row.probability),
            "action": row.action,
            "reason": row.reason,
        }
        for row in rows[:LISTED]
    ]


def named_class(ref: DatasetRef, label: Any) -> int | str:
    """The class of a code; a label that is no single class as text."""
    return ref.classes[label] if ref.label_type in ("int", "string") else wording.written(label)


def labels_shown(ref: DatasetRef, given: Any, suggestion: Any, content: Content) -> dict[str, Any]:
    """`given` and `suggested` of a WorstRow; of a sentence the spans that differ, and its `marks`."""
    if ref.label_type == "tags":
        names = [text.split(" ") if isinstance(text, str) else text for text in (given, suggestion)]
        if all(len(tags) == len(content.tokens) for tags in names):
            marks = tuple(marked(content.tokens, tags, ref) for tags in names)
            apart = differing(*marks), differing(*reversed(marks))
            given, suggestion = map(spans_text, apart if any(apart) else marks)
            return {"given": given, "suggested": suggestion, "marks": marks}
    given, suggestion = named_class(ref, given), named_class(ref, suggestion)
    return {
        "given": given,
        "suggested": as_fine(suggestion, given) if ref.label_type == "number" else suggestion,
    }


def as_fine(suggestion: Any, given: Any) -> str:
    """A number that a model foretells, with no more decimals than the given one has."""
    decimals = min(len(str(number).partition(".")[2]) for number in (given, suggestion))
    shown = f"{float(suggestion):.{decimals}f}"
    return str(suggestion) if "e" in f"{given}{suggestion}" or shown == str(given) else shown
