"""A queue as Label Studio's tasks with predictions, beside them its labelling config; the way back from its
exports JSON and JSON-MIN.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

from labelworks.schemas.errors import ConfigError
from labelworks.schemas.review import ReviewQueue, ReviewRow
from labelworks.tasks.artifacts.shown.rows_by_id import BETWEEN
from labelworks.tasks.review.exchange import spans
from labelworks.tasks.review.exchange.carried import WORDS, Pictures, answer_named, carried, likeliest

ENDING, CONFIG = ".json", ".xml"
ANSWER, WORD, SHOWN, BEHIND = "answer", "word", "shown", "labelworks"
SAID = ("given", "suggestion", "probabilities")
MANY = 20  # classes from which on a search helps
NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def write(queue: ReviewQueue, pictures: Pictures) -> dict[str, bytes]:
    """The tasks, and by the ending .xml the config of the project that they are imported into."""
    tasks = [_task(row, queue, pictures) for row in queue.rows]
    written = json.dumps(tasks, ensure_ascii=False, indent=1)
    return {"": written.encode("utf-8"), CONFIG: config(queue, bool(pictures)).encode("utf-8")}


def config(queue: ReviewQueue, pictured: bool) -> str:
    """The labelling config; ConfigError where a class can't be written in it."""
    value = "$image" if pictured else "$shown"
    by_word = {"granularity": "word"} if queue.label == "tags" else {}
    shown = _tag("Image" if pictured else "Text", closed=True, name=SHOWN, value=value, **by_word)
    beside = [_tag("Text", name="text", value="$shown")] if pictured and queue.kind == "mixed" else []
    lines = [
        shown,
        *beside,
        *(_tag("Header", value=f"{name}: ${name}") for name in SAID),
        *_question(queue),
    ]
    return "\n".join(["<View>", *(f"  {line}" for line in lines), "</View>", ""])


def knows(value: Any) -> bool:
    """Whether JSON is an export of tasks that were written here; of either form."""
    return isinstance(value, list) and any(_behind(task) is not None for task in value)


def read(value: Any, where: str) -> list[dict[str, Any]]:
    """Its answers: an annotation each; of a task that nobody annotated, or that was skipped, an empty one."""
    return [row for task in value for row in _answers(task)]


def _answers(task: Any) -> Iterator[dict[str, Any]]:
    behind = _behind(task) or {}
    if not isinstance(task, dict) or not isinstance(task.get("annotations"), list):  # JSON-MIN
        said = task if isinstance(task, dict) else {}
        yield {
            **behind,
            **_who(said.get("annotator"), said.get("updated_at")),
            ANSWER: _minimal(said, behind),
        }
        return
    made = [
        annotation
        for annotation in task["annotations"]
        if isinstance(annotation, dict) and not annotation.get("was_cancelled")
    ]
    for annotation in made:
        when = annotation.get("updated_at") or annotation.get("created_at")
        yield {
            **behind,
            **_who(annotation.get("completed_by"), when),
            ANSWER: _named(annotation.get("result"), behind),
        }
    if not made:
        yield {**behind, ANSWER: ""}


def _named(results: Any, behind: Mapping[str, Any]) -> str:
    """The answer in the results of an annotation; words go before classes, and before spans."""
    said = {
        name: [
            result.get("value")
            for result in (results if isinstance(results, list) else ())
            if isinstance(result, dict) and result.get("from_name") == name
        ]
        for name in (WORD, ANSWER)
    }
    if spans.ENDS in behind and not said[WORD]:
        return spans.answer_of(said[ANSWER], behind)
    return _joined([*said[WORD], *said[ANSWER]])


def _minimal(record: Mapping[str, Any], behind: Mapping[str, Any]) -> str:
    """The answer in a record of JSON-MIN: a text, or values as they are in an annotation."""
    if spans.ENDS in behind and not record.get(WORD):
        return spans.answer_of(record.get(ANSWER), behind) if record.get("annotator") else ""
    for name in (WORD, ANSWER):
        value = record.get(name)
        if value not in (None, "", []):
            return value if isinstance(value, str) else _joined(value if isinstance(value, list) else [value])
    return ""


def _joined(values: list[Any]) -> str:
    """Several classes, a number or a word as one text."""
    names: list[str] = []
    for value in values:
        chosen = value.get("choices", value.get("number")) if isinstance(value, dict) else value
        names += [
            str(choice) for choice in (chosen if isinstance(chosen, list) else [chosen]) if choice is not None
        ]
    return answer_named(names)


def _who(annotator: Any, when: Any) -> dict[str, Any]:
    """Who answered, by the address, or by the number of the user; and when."""
    if isinstance(annotator, dict):
        annotator = annotator.get("email") or annotator.get("id")
    name = f"Label Studio user {annotator}" if isinstance(annotator, int) else annotator
    return {"annotator": name, "when": when}


def _behind(task: Any) -> dict[str, Any] | None:
    """What was carried with a task, in its data, or of JSON-MIN in itself."""
    data = task.get("data", task) if isinstance(task, dict) else None
    behind = data.get(BEHIND) if isinstance(data, dict) else None
    return behind if isinstance(behind, dict) else None


def _task(row: ReviewRow, queue: ReviewQueue, pictures: Pictures) -> dict[str, Any]:
    picture = pictures.get((row.partition, row.row))
    said = (row.given, row.suggestion or "", likeliest(row))
    behind = carried(row, queue)
    if queue.label == "tags":
        said, behind = spans.in_words(row), behind | spans.behind(row, queue)
    data = {
        SHOWN: row.shown,
        **({"image": picture.address if picture else ""} if pictures else {}),
        **dict(zip(SAID, said, strict=True)),
        BEHIND: behind,
    }
    return {"data": data, "predictions": list(_predictions(row, queue))}


def _predictions(row: ReviewRow, queue: ReviewQueue) -> Iterator[dict[str, Any]]:
    if queue.label == "tags":
        yield {"model_version": queue.run, "result": list(_regions(row, queue))}
        return
    if row.suggestion is None:
        return
    kind, value = "choices", {"choices": [row.suggestion]} if row.suggestion else {"choices": [WORDS[2]]}
    if queue.label == "classes" and row.suggestion:
        value = {"choices": row.suggestion.split(BETWEEN)}
    result = {"from_name": ANSWER, "to_name": SHOWN, "type": kind, "value": value}
    if queue.label == "number":
        result |= {"type": "number", "value": {"number": float(row.suggestion)}}
    sure = dict(row.probabilities).get(row.suggestion)
    yield {"model_version": queue.run, "result": [result], **({} if sure is None else {"score": sure})}


def _regions(row: ReviewRow, queue: ReviewQueue) -> Iterator[dict[str, Any]]:
    for place, (start, end, kind) in enumerate(spans.spans_to_ask(row, queue)):
        value = {"start": start, "end": end, "text": row.shown[start:end], "labels": [kind]}
        yield {"id": f"s{place}", "from_name": ANSWER, "to_name": SHOWN, "type": "labels", "value": value}


def _question(queue: ReviewQueue) -> Iterator[str]:
    """What is asked for: a class or several, a number, or spans."""
    if queue.label in ("class", "classes"):
        yield from _choices(queue)
        return
    if queue.label == "tags":
        yield _tag("Labels", closed=False, name=ANSWER, toName=SHOWN)
        yield from (f"  {_tag('Label', value=name)}" for name in _written(spans.types_of(queue)))
        yield "</Labels>"
    else:
        yield _tag("Number", name=ANSWER, toName=SHOWN)
    yield _tag("Choices", closed=False, name=WORD, toName=SHOWN, choice="single-radio", showInline="true")
    yield from (f"  {_tag('Choice', value=word)}" for word in WORDS)
    yield "</Choices>"


def _written(names: Sequence[str]) -> Sequence[str]:
    """The names; ConfigError where one of them can't be written."""
    unwritten = next((name for name in names if NO_XML.search(name)), None)
    if unwritten is not None:
        raise ConfigError(
            f"class {unwritten!r} has characters that no labelling config can hold",
            where="--to",
            fix="take .csv, .parquet or .html",
        )
    return names


def _choices(queue: ReviewQueue) -> Iterator[str]:
    names = _written(queue.classes)
    if len(queue.classes) > MANY:
        yield _tag("Filter", toName=ANSWER)
    several = {"choice": "multiple"} if queue.label == "classes" else {"choice": "single-radio"}
    yield _tag("Choices", closed=False, name=ANSWER, toName=SHOWN, showInline="true", **several)
    yield from (f"  {_tag('Choice', value=name)}" for name in (*names, *WORDS))
    yield "</Choices>"


def _tag(kind: str, *, closed: bool = True, **attributes: str) -> str:
    written = " ".join(f"{name}={quoteattr(value, ENTITIES)}" for name, value in attributes.items())
    return f"<{kind} {written}{'/' if closed else ''}>"


ENTITIES = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
