"""What every form of a review queue holds: rows go out whole, and each answer comes back as it was given.

How the tools answer is written down here as their exports are; benchmarks/review_exchange.py has theirs.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from itertools import accumulate
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
TAGS = ("O", "B-x", "I-x", "B-<b>", "I-<b>")
CLASSES = ("cat", "=dog()", "<b>owl</b>", "\u202exof", "a \"b\" & 'c'", "keep")
CLASSES_OF: dict[str, tuple[str, ...]] = {"number": (), "tags": TAGS}
KINDS: dict[LabelKind, tuple[str, str, str, list[str]]] = {
    "class": ("string", "cat", "=dog()",
              ["=dog()", "(keep)", "<b>owl</b>", "(none)", "(unsure)", "", "keep"]),
    "classes": ("list", "cat; <b>owl</b>", "=dog(); cat",
                ["=dog(); cat", "(keep)", "<b>owl</b>", "(none)", "(unsure)", "", 'cat; a "b" & \'c\'']),
    "number": ("number", "1.5", "-2.25", ["-2.25", "(keep)", "0.1", "(none)", "(unsure)", "", "12000000"]),
    "tags": ("tags", "B-x; O; O", "B-x; I-x; O",
             ["B-x; I-x; B-x", "(keep)", "O; B-<b>; O", "(none)", "(unsure)", "", "O; O; O"]),
}  # fmt: skip
USERS = ("ann@example.org", "bob@example.org")


def shown(kind: LabelKind, text: str) -> dict[str, Any]:
    """What a row shows: the text, or a sentence that it is the first token of."""
    if kind != "tags":
        return {"shown": text}
    words = (text.replace(" ", "_").replace("\n", "_"), "Li", "</x>")
    ends = tuple(accumulate(map(len, words), lambda end, size: end + 1 + size))
    return {"shown": " ".join(words), "ends": ends, "marks": (((words[0], "x"),),)}


def queue(kind: LabelKind) -> ReviewQueue:
    """A row for each answer; of all that a row may say."""
    _, given, suggestion, answers = KINDS[kind]
    drawn = {"why": "audit", "sample": "strata-1-0", "stratum": 2, "stratum_rows": 9, "probability": 1 / 3,
             "stratum_likely": 0.25}  # fmt: skip
    rows = [
        ReviewRow(
            id=f"{number} {HOSTILE[number][:40]}", content=2**64 - 1 - number, partition="p", row=number,
            **shown(kind, HOSTILE[number]), given=given, suggestion=suggestion if number % 2 == 0 else None,
            probabilities=((suggestion, 0.7), (given, 0.3)), like="0" if number == 4 else None,
            **(drawn if number % 3 == 0 else {}),
        )
        for number in range(len(answers))
    ]  # fmt: skip
    return ReviewQueue(
        dataset="made", run="r1", label=kind, classes=CLASSES_OF.get(kind, CLASSES), kind="text",
        scheme="bio" if kind == "tags" else "", rows=tuple(rows),
    )  # fmt: skip


def regions(answer: str, shown: str) -> list[dict[str, Any]]:
    """The spans of tags, as a person marks them; the first word without its first letter."""
    found, start = list[dict[str, Any]](), 0
    for tag, word in zip(answer.split("; "), shown.split(" "), strict=True):
        end = start + len(word)
        if tag.startswith("B-"):
            found.append({"start": start + (start == 0), "end": end, "label": tag[2:]})
        elif tag.startswith("I-"):
            found[-1]["end"] = end
        start = end + 1
    return found


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
        task |= {"id": number, "annotations": [annotation(kind, answer, user, task)] if answer else []}
    tasks[0]["annotations"].append({**tasks[0]["annotations"][0], "was_cancelled": True})
    return written(file, tasks)


def annotation(kind: LabelKind, answer: str, user: str, task: dict[str, Any]) -> dict[str, Any]:
    word = answer.startswith("(")
    name = "word" if kind in ("number", "tags") and word else "answer"
    values = [chosen(kind, answer)] if kind != "tags" or word else labelled(answer, task["data"]["shown"])
    results = [
        {"from_name": name, "to_name": "shown", "type": "choices", "id": "x1", "value": value}
        for value in values
    ]
    by = {"id": 1, "email": user, "first_name": "", "last_name": ""}
    return {"id": 9, "completed_by": by, "result": results, "was_cancelled": False,
            "created_at": "2026-11-29T01:00:00Z", "updated_at": "2026-11-29T01:02:03.004Z"}  # fmt: skip


def labelled(answer: str, shown: str) -> list[dict[str, Any]]:
    return [{"labels": [span.pop("label")], **span} for span in regions(answer, shown)]


def chosen(kind: LabelKind, answer: str) -> dict[str, Any]:
    if kind == "number" and not answer.startswith("("):
        return {"number": float(answer)}
    return {"choices": answer.split("; ") if kind == "classes" else [answer]}


def by_label_studio_min(file: Path, kind: LabelKind, answers: list[str]) -> Path:
    tasks = json.loads(file.read_text(encoding="utf-8"))
    records = []
    for number, (task, answer, user) in enumerate(zip(tasks, answers, USERS * 4, strict=False), 1):
        record = {**task["data"], "id": number, "annotator": user, "updated_at": "2026-11-29T01:02:03.004Z"}
        if kind == "tags":
            name = "word" if answer.startswith("(") else "answer"
            spans = answer if name == "word" else labelled(answer, record["shown"]) if answer else []
            records.append(record | ({name: spans} if spans else {} if answer else {"annotator": None}))
            continue
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
        question, value = asked(kind, answer, record["fields"]["shown"])
        record["responses"] = {question: [{"value": value, "user_id": user}]} if answer else {}
    written(file / "records.json", records)
    return file


def asked(kind: LabelKind, answer: str, shown: str) -> tuple[str, Any]:
    """The question that is answered, and its value."""
    if kind != "tags" or not answer:
        return "answer", answer.split("; ") if kind == "classes" else answer
    if answer.startswith("("):
        return "word", answer
    spans = regions(answer, shown)
    return ("answer", spans) if spans else ("word", "(no span)")


def by_argilla_flat(file: Path, kind: LabelKind, answers: list[str]) -> Path:
    records = json.loads((file / "records.json").read_text())
    lines = []
    for record, answer, user in zip(records, answers, USERS * 4, strict=False):
        question, value = asked(kind, answer, record["fields"]["shown"])
        flat = {**record["fields"], **record["metadata"], "answer.suggestion": "cat"}
        if answer:
            flat |= {f"{question}.responses{name}": [each, other] for name, each, other in (
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
            self.taken(tool, kind, tmp_path), known, dataset="made@7",
            classes=CLASSES_OF.get(kind, CLASSES),
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
            self.taken(tool, kind, tmp_path), known, dataset="made",
            classes=CLASSES_OF.get(kind, CLASSES),
            label_type=KINDS[kind][0],
        )  # fmt: skip
        reasons = {each.id: each.reason.split(":")[0] for each in found.aside}
        assert reasons == {first.id: "stale", second.id: "no row has this id"}


def wording(made: RowDecision) -> str:
    if made.number is not None:
        return f"{made.number:.12g}"
    return "; ".join(made.classes) if made.classes else f"({made.answer})"
