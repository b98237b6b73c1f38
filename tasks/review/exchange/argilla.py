"""A queue as a dataset of Argilla on disk, as `rg.Dataset.from_disk` reads it; the way back from its exports.

Read are `dataset.to_disk` and `dataset.records.to_json`, and a list of `records.to_list(flatten=True)`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from labelworks.schemas.review import ReviewQueue, ReviewRow
from labelworks.tasks.artifacts.shown.rows_by_id import BETWEEN
from labelworks.tasks.review.exchange import spans
from labelworks.tasks.review.exchange.carried import WORDS, Pictures, answer_named, carried, likeliest

ENDING, RECORDS = ".argilla", "/records.json"
ANSWER, WORD, SHOWN = "answer", "word", "shown"
ROW = "row_"  # begins what is carried: a flat record has fields and all else side by side
MEANINGS = ("keep the given label", "unsure", "none of the classes")  # of the words, in their order
UNTITLED: dict[str, Any] = {"description": None, "dataset_id": None, "id": None}


def write(queue: ReviewQueue, pictures: Pictures) -> dict[str, bytes]:
    """The files of the folder: records, settings and the dataset itself."""
    name = f"review-{queue.dataset}-{queue.run}".replace("@", "-")
    dataset = {"name": name, "status": "draft", "allow_extra_metadata": True}
    files = {
        RECORDS: [_record(place, row, queue, pictures) for place, row in enumerate(queue.rows, 1)],
        "/.argilla/settings.json": _settings(queue, bool(pictures)),
        "/.argilla/dataset.json": dataset,
    }
    return {name: json.dumps(value, ensure_ascii=True).encode() for name, value in files.items()}


def knows(value: Any) -> bool:
    """Whether JSON is a list of records that were written here; nested or flat."""
    return isinstance(value, list) and any(_behind(record) is not None for record in value)


def read(value: Any, where: str) -> list[dict[str, Any]]:
    """Its answers: a response each; of a record that nobody answered an empty one."""
    return [row for record in value for row in _answers(record)]


def _answers(record: Any) -> Iterator[dict[str, Any]]:
    behind = _behind(record) or {}
    row = {name.removeprefix(ROW): value for name, value in behind.items() if name.startswith(ROW)}
    made = list(_responses(record, ANSWER)) if isinstance(record, dict) else []
    if spans.ENDS in row:
        words = list(_responses(record, WORD))
        of_words = {user for _, user in words}
        made = [(spans.answer_of(value, row), user) for value, user in made if user not in of_words]
        made += [(spans.answer_of([], row) if word == spans.NONE else word, user) for word, user in words]
    yield from ({**row, ANSWER: _text(value), "annotator": user} for value, user in made)
    if not made:
        yield {**row, ANSWER: ""}


def _responses(record: dict[str, Any], question: str) -> Iterator[tuple[Any, str | None]]:
    """Values with who gave them; of drafts and what was discarded none, where the file says so."""
    nested = record.get("responses")
    if isinstance(nested, dict):
        answers = nested.get(question)
        for answer in answers if isinstance(answers, list) else ():
            if isinstance(answer, dict) and answer.get("status", "submitted") == "submitted":
                yield answer.get("value"), _user(answer.get("user_id"))
        return
    columns = [record.get(f"{question}.responses{name}") for name in ("", ".users", ".status")]
    lists = [column if isinstance(column, list) else [] for column in columns]
    for value, user, status in zip_longest(*lists):
        if status in (None, "submitted"):
            yield value, _user(user)


def _user(user: Any) -> str | None:
    return None if user in (None, "", "None") else f"Argilla user {user}"


def _text(value: Any) -> str:
    """A response as an answer."""
    values = [str(part) for part in (value if isinstance(value, list) else [value]) if part is not None]
    return answer_named(values)


def _behind(record: Any) -> dict[str, Any] | None:
    """What was carried with a record: its metadata, or of a flat one itself."""
    if not isinstance(record, dict):
        return None
    metadata = record.get("metadata", record)
    return metadata if isinstance(metadata, dict) and f"{ROW}id" in metadata else None


def _record(place: int, row: ReviewRow, queue: ReviewQueue, pictures: Pictures) -> dict[str, Any]:
    picture = pictures.get((row.partition, row.row))
    held, given, likely = carried(row, queue), row.given or "(none)", likeliest(row)
    if queue.label == "tags":
        held |= spans.behind(row, queue)
        given, _, likely = spans.in_words(row)
    behind = {f"{ROW}{name}": value for name, value in held.items() if value is not None}
    fields = {SHOWN: row.shown or "(empty)", "given": given, "probabilities": likely}
    return {
        "id": f"{queue.run}-{place}",
        "fields": {**fields, **({"image": picture.address} if picture else {})},
        "metadata": behind,
        "suggestions": _suggestions(row, queue),
        "responses": {},
        "vectors": {},
    }


def _suggestions(row: ReviewRow, queue: ReviewQueue) -> dict[str, Any]:
    if queue.label == "tags":
        asked = [
            {"start": start, "end": end, "label": kind} for start, end, kind in spans.spans_to_ask(row, queue)
        ]
        return {ANSWER: {"value": asked, "score": None, "agent": "labelworks"}}
    if row.suggestion is None:
        return {}
    value: Any = row.suggestion or "(none)"
    if queue.label == "classes":
        value = value.split(BETWEEN)
    sure = dict(row.probabilities).get(row.suggestion) if queue.label == "class" else None
    return {ANSWER: {"value": value, "score": sure, "agent": "labelworks"}}


def _settings(queue: ReviewQueue, pictured: bool) -> dict[str, Any]:
    names = [SHOWN, *(["image"] if pictured else []), "given", "probabilities"]
    return {
        "guidelines": "Which class is right? Keep the given label, take the suggested one or another.",
        "fields": [_field(name) for name in names],
        "questions": list(_questions(queue)),
        "vectors": [],
        "metadata": [],
        "allow_extra_metadata": True,
        "distribution": {"strategy": "overlap", "min_submitted": 1},
        "mapping": None,
    }


def _field(name: str) -> dict[str, Any]:
    kind = {"type": "image"} if name == "image" else {"type": "text", "use_markdown": False}
    return {**UNTITLED, "name": name, "title": name, "required": name == SHOWN, "settings": kind}


def _questions(queue: ReviewQueue) -> Iterator[dict[str, Any]]:
    words = [{"text": text, "value": word} for word, text in zip(WORDS, MEANINGS, strict=True)]
    options = [*({"text": name, "value": name} for name in queue.classes), *words]
    if queue.label == "class":
        kind = {"type": "label_selection", "options": options, "visible_options": None}
        yield _question(ANSWER, kind)
    elif queue.label == "classes":
        kind = {"type": "multi_label_selection", "options": options, "visible_options": None}
        yield _question(ANSWER, kind | {"options_order": "natural"})
    elif queue.label == "number":
        said = "A number, or (keep), (unsure), (none)."
        yield _question(ANSWER, {"type": "text", "use_markdown": False}, said)
    else:
        types = [{"text": name, "value": name} for name in spans.types_of(queue)]
        kind = {"type": "span", "field": SHOWN, "options": types, "visible_options": None}
        yield _question(ANSWER, kind | {"allow_overlapping": False}, required=False)
        words.append({"text": "there is no span", "value": spans.NONE})
        kind = {"type": "label_selection", "options": words, "visible_options": None}
        yield _question(WORD, kind, "Instead of spans.", required=False)


def _question(
    name: str, kind: dict[str, Any], description: str | None = None, *, required: bool = True
) -> dict[str, Any]:
    return {**UNTITLED, "name": name, "title": name, "required": required, "description": description,
            "settings": kind}  # fmt: skip
