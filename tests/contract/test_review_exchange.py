"""What every form of a review queue holds: rows go out whole, and each answer comes back as it was given.

How the tools answer is written down here as their exports are; benchmarks/review_exchange.py has theirs.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelworks.schemas.decisions import RowDecision
from labelworks.schemas.review import LabelKind, ReviewQueue, ReviewRow
from labelworks.tasks.artifacts.decisions.checked import GivenAnswer, check_answers
from labelworks.tasks.artifacts.shown.rows_by_id import ShownRow
from labelworks.tasks.review.exchange.formats import read_answers, write_queue

HOSTILE = (
    "=cmd|' /C calc'!A0",
    "</script><script>alert(1)</script>",
    "\u202egnp.exe\u202c \u200f",
    '"a", b;\nc\td & <b> \' ]]>',
    "'@x",
    "{{ 7 * 7 }} ${7} $shown",
    "long " * 200_000,  # a megabyte
)
CLASSES = ("cat", "=dog()", "<b>owl</b>", "\u202exof", "a \"b\" & 'c'", "keep")
KINDS: dict[LabelKind, tuple[str, str, str, list[str]]] = {
    "class": ("string", "cat", "=dog()",
              ["=dog()", "(keep)", "<b>owl</b>", "(none)", "(unsure)", "", "keep"]),
    "classes": ("list", "cat; <b>owl</b>", "=dog(); cat",
                ["=dog(); cat", "(keep)", "<b>owl</b>", "(none)", "(unsure)", "", 'cat; a "b" & \'c\'']),
    "number": ("number", "1.5", "-2.25", ["-2.25", "(keep)", "0.1", "(none)", "(unsure)", "", "12000000"]),
}  # fmt: skip
USERS = ("ann@example.org", "bob@example.org")


def queue(kind: LabelKind) -> ReviewQueue:
    """A row for each answer; of all that a row may say."""
    _, given, suggestion, answers = KINDS[kind]
    drawn = {"why": "audit", "sample": "strata-1-0", "stratum": 2, "stratum_rows": 9, "probability": 1 / 3,
             "stratum_likely": 0.25}  # fmt: skip
    rows = [
        ReviewRow(
            id=f"{number} {HOSTILE[number][:40]}", content=2**64 - 1 - number, partition="p", row=number,
            shown=HOSTILE[number], given=given, suggestion=suggestion if number % 2 == 0 else None,
            probabilities=((suggestion, 0.7), (given, 0.3)), like="0" if number == 4 else None,
            **(drawn if number % 3 == 0 else {}),
        )
        for number in range(len(answers))
    ]  # fmt: skip
    classes = () if kind == "number" else CLASSES
    return ReviewQueue(dataset="made", run="r1", label=kind, classes=classes, kind="text", rows=tuple(rows))


def by_spreadsheet(file: Path, kind: LabelKind, answers: list[str]) -> Path:
    rows = pd.read_csv(file, dtype=str, keep_default_na=False).to_dict("records")
    for row, answer, user in zip(rows, answers, USERS * 4, strict=False):
        row |= {"answer": answer, "annotator": user}
    with file.open("w", newline="", encoding="utf-8-sig") as out:
        writer = csv.DictWriter(out, rows[0], delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    return file


def by_table(file: Path, kind: LabelKind, answers: list[str]) -> Path:
    table = pq.read_table(file)
    for name, values in (("answer", answers), ("annotator", (USERS * 4)[: len(answers)])):
        at = table.column_names.index(name)
        table = table.set_column(at, name, pa.array(values, pa.string()))
    pq.write_table(table.append_column("note", pa.nulls(len(table))), file)
    return file


def by_page(file: Path, kind: LabelKind, answers: list[str]) -> Path:
    text = file.read_text(encoding="utf-8")
    rows = json.loads(text.split('id="queue">')[1].split("</script>")[0])["rows"]
    kept = [
        {**row, "answer": answer, "annotator": user, "when": "2026-11-29T01:02:03.004Z"}
        for row, answer, user in zip(rows, answers, USERS * 4, strict=False)
        if answer
    ]
    saved = {"labelworks": "decisions", "dataset": "made", "run": "r1", "answers": kept}
    return written(file.with_name("decisions.json"), saved)


def by_label_studio(file: Path, kind: LabelKind, answers: list[str]) -> Path:
    tasks = json.loads(file.read_text(encoding="utf-8"))
    for number, (task, answer, user) in enumerate(zip(tasks, answers, USERS * 4, strict=False), 1):
        task |= {"id": number, "annotations": [annotation(kind, answer, user)] if answer else []}
    tasks[0]["annotations"].append({**tasks[0]["annotations"][0], "was_cancelled": True})
    return written(file, tasks)


def annotation(kind: LabelKind, answer: str, user: str) -> dict[str, Any]:
    word = answer.startswith("(")
    name = "word" if kind == "number" and word else "answer"
    result = {
        "from_name": name,
        "to_name": "shown",
        "type": "choices",
        "id": "x1",
        "value": chosen(kind, answer),
    }
    by = {"id": 1, "email": user, "first_name": "", "last_name": ""}
    return {"id": 9, "completed_by": by, "result": [result], "was_cancelled": False,
            "created_at": "2026-11-29T01:00:00Z", "updated_at": "2026-11-29T01:02:03.004Z"}  # fmt: skip


def chosen(kind: LabelKind, answer: str) -> dict[str, Any]:
    if kind == "number" and not answer.startswith("("):
        return {"number": float(answer)}
    return {"choices": answer.split("; ") if kind == "classes" else [answer]}


def by_label_studio_min(file: Path, kind: LabelKind, answers: list[str]) -> Path:
    tasks = json.loads(file.read_text(encoding="utf-8"))
    records = []
    for number, (task, answer, user) in enumerate(zip(tasks, answers, USERS * 4, strict=False), 1):
        record = {**task["data"], "id": number, "annotator": user, "updated_at": "2026-11-29T01:02:03.004Z"}
        value = chosen(kind, answer) if answer else None
        if value and "choices" in value:
            name = "word" if kind == "number" else "answer"
            record[name] = value["choices"][0] if len(value["choices"]) == 1 else value
        elif value:
            record["answer"] = [value]
        records.append(record)
    return written(file, records)


def by_argilla(file: Path, kind: LabelKind, answers: list[str]) -> Path:
    records = json.loads((file / "records.json").read_text())
    for record, answer, user in zip(records, answers, USERS * 4, strict=False):
        value = answer.split("; ") if kind == "classes" else answer
        record["responses"] = {"answer": [{"value": value, "user_id": user}]} if answer else {}
    written(file / "records.json", records)
    return file


def by_argilla_flat(file: Path, kind: LabelKind, answers: list[str]) -> Path:
    records = json.loads((file / "records.json").read_text())
    lines = []
    for record, answer, user in zip(records, answers, USERS * 4, strict=False):
        value = answer.split("; ") if kind == "classes" else answer
        flat = {**record["fields"], **record["metadata"], "answer.suggestion": "cat"}
        if answer:
            flat |= {f"answer.responses{name}": [each, other] for name, each, other in (
                ("", value, "cat"), (".users", user, "eve"), (".status", "submitted", "draft"))}  # fmt: skip
        lines.append(json.dumps(flat))
    out = file / "flat.jsonl"
    out.write_text("\n".join(lines))
    return out


def written(file: Path, value: Any) -> Path:
    file.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return file


TOOLS: dict[str, tuple[str, Callable[[Path, LabelKind, list[str]], Path]]] = {
    "spreadsheet": ("a.csv", by_spreadsheet),
    "table": ("a.parquet", by_table),
    "page": ("a.html", by_page),
    "Label Studio": ("a.json", by_label_studio),
    "Label Studio, JSON-MIN": ("a.json", by_label_studio_min),
    "Argilla": ("a.argilla", by_argilla),
    "Argilla, flat lines": ("a.argilla", by_argilla_flat),
}


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("kind", KINDS)
class TestEveryForm:
    """Rows with hostile texts, written, answered as the tool does, and read again."""

    def taken(self, tool: str, kind: LabelKind, folder: Path) -> list[GivenAnswer]:
        name, answer = TOOLS[tool]
        write_queue(queue(kind), str(folder / name), {})
        return read_answers(str(answer(folder / name, kind, list(KINDS[kind][3]))), "nobody")

    def test_each_answer_is_a_decision_as_it_was_given(
        self, tool: str, kind: LabelKind, tmp_path: Path
    ) -> None:
        rows, answers = queue(kind).rows, KINDS[kind][3]
        known = {row.id: ShownRow(row.content, row.given, row.suggestion) for row in rows}
        found = check_answers(
            self.taken(tool, kind, tmp_path), known, dataset="made@7", classes=CLASSES,
            label_type=KINDS[kind][0],
        )  # fmt: skip
        assert found.aside == ()
        said = {made.id: (wording(made), made.annotator.split()[-1]) for made in found.taken}
        assert said == {
            row.id: (answer, user)
            for row, answer, user in zip(rows, answers, USERS * 4, strict=False)
            if answer
        }
        kept = {made.id: made for made in found.taken}
        for row in rows:
            if made := kept.get(row.id):
                for name in ("content", "given", "suggestion", "why", "sample", "stratum", "stratum_rows",
                             "probability", "stratum_likely"):  # fmt: skip
                    assert getattr(made, name) == getattr(row, name), name
                assert made.run == "r1"

    def test_a_changed_row_and_an_unknown_one_are_put_aside(
        self, tool: str, kind: LabelKind, tmp_path: Path
    ) -> None:
        first, second, *others = queue(kind).rows
        known = {row.id: ShownRow(row.content, row.given, row.suggestion) for row in others}
        known[first.id] = ShownRow(first.content - 1, first.given, first.suggestion)
        found = check_answers(
            self.taken(tool, kind, tmp_path), known, dataset="made", classes=CLASSES,
            label_type=KINDS[kind][0],
        )  # fmt: skip
        reasons = {each.id: each.reason.split(":")[0] for each in found.aside}
        assert reasons == {first.id: "stale", second.id: "no row has this id"}


def wording(made: RowDecision) -> str:
    if made.number is not None:
        return f"{made.number:.12g}"
    return "; ".join(made.classes) if made.classes else f"({made.answer})"
