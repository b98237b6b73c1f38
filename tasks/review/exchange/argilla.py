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
from labelworks.tasks.review.exchange.carried import WORDS, Pictures, answer_named, carried, likeliest

ENDING, RECORDS = ".argilla", "/records.json"
ANSWER, ROW = "answer", "row_"  # begins what is carried: a flat record has fields and all else side by side
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
    made = list(_responses(record)) if isinstance(record, dict) else []
    yield from ({**row, ANSWER: _text(value), "annotator": user} for value, user in made)
    if not made:
        yield {**row, ANSWER: ""}


def _responses(record: dict[str, Any]) -> Iterator[tuple[Any, str | None]]:
    """Values with who gave them; of drafts and what was discarded none, where the file says so."""
    nested = record.get("responses")
    if isinstance(nested, dict):
        answers = nested.get(ANSWER)
        for answer in answers if isinstance(answers, list) else ():
            if isinstance(answer, dict) and answer.get("status", "submitted") == "submitted":
                yield answer.get("value"), _user(answer.get("user_id"))
        return
    columns = [record.get(f"{ANSWER}.responses{name}") for name in ("", ".users", ".status")]
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
    behind = {f"{ROW}{name}": value for name, value in carried(row, queue).items() if value is not None}
    fields = {
        "shown": row.shown or "(empty)",
        "given": row.given or "(none)",
        "probabilities": likeliest(row),
    }
    return {
        "id": f"{queue.run}-{place}",
        "fields": {**fields, **({"image": picture.address} if picture else {})},
        "metadata": behind,
        "suggestions": _suggestions(row, queue),
        "responses": {},
        "vectors": {},
    }


def _suggestions(row: ReviewRow, queue: ReviewQueue) -> dict[str, Any]:
    if row.suggestion is None:
        return {}
    value: Any = row.suggestion or "(none)"
    if queue.label == "classes":
        value = value.split(BETWEEN)
    sure = dict(row.probabilities).get(row.suggestion) if queue.label == "class" else None
    return {ANSWER: {"value": value, "score": sure, "agent": "labelworks"}}


def _settings(queue: ReviewQueue, pictured: bool) -> dict[str, Any]:
    names = ["shown", *(["image"] if pictured else []), "given", "probabilities"]
    return {
        "guidelines": "Which class is right? Keep the given label, take the suggested one or another.",
        "fields": [_field(name) for name in names],
        "questions": [_question(queue)],
        "vectors": [],
        "metadata": [],
        "allow_extra_metadata": True,
        "distribution": {"strategy": "overlap", "min_submitted": 1},
        "mapping": None,
    }


def _field(name: str) -> dict[str, Any]:
    kind = {"type": "image"} if name == "image" else {"type": "text", "use_markdown": False}
    return {**UNTITLED, "name": name, "title": name, "required": name == "shown", "settings": kind}


def _question(queue: ReviewQueue) -> dict[str, Any]:
    options = [
        *({"text": name, "value": name} for name in queue.classes),
        *({"text": text, "value": word} for word, text in zip(WORDS, MEANINGS, strict=True)),
    ]
    kinds: dict[str, dict[str, Any]] = {
        "class": {"type": "label_selection", "options": options, "visible_options": None},
        "classes": {"type": "multi_label_selection", "options": options, "visible_options": None,
                    "options_order": "natural"},
        "number": {"type": "text", "use_markdown": False},
    }  # fmt: skip
    words = "A number, or (keep), (unsure), (none)." if queue.label == "number" else None
    return {**UNTITLED, "name": ANSWER, "title": ANSWER, "required": True, "description": words,
            "settings": kinds[queue.label]}  # fmt: skip
