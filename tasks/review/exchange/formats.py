"""The forms of a queue as files: written by their endings, and read by their content."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.schemas.review import ReviewQueue
from labelworks.tasks.artifacts.decisions.checked import GivenAnswer
from labelworks.tasks.methods.tokens.tag_set import PLAIN
from labelworks.tasks.review.exchange import argilla, label_studio, page, parquet, spreadsheet
from labelworks.tasks.review.exchange.carried import Pictures, given_answers
from labelworks.tasks.storage.store import Store

LARGEST = 64 << 20  # bytes of a file that is read: of answers, and of what they are about
OURS = "give a file with answers of what `labelworks review export` wrote: docs/review.md says which"


@dataclass(frozen=True)
class ExchangeFormat:
    """A form of a queue: `write` gives its files by what their names end in; pictured: images are in them;
    of_spans: of tags it asks for spans.
    """

    name: str
    ending: str
    write: Callable[[ReviewQueue, Pictures], dict[str, bytes]]
    pictured: bool = False
    of_spans: bool = False


FORMATS = (
    ExchangeFormat("a spreadsheet", spreadsheet.ENDING, spreadsheet.write),
    ExchangeFormat("a table", parquet.ENDING, parquet.write),
    ExchangeFormat("a page that works from disk", page.ENDING, page.write, pictured=True),
    ExchangeFormat("Label Studio", label_studio.ENDING, label_studio.write, pictured=True, of_spans=True),
    ExchangeFormat("Argilla", argilla.ENDING, argilla.write, pictured=True, of_spans=True),
)
JSON_FORMS: tuple[tuple[Callable[[Any], bool], Callable[[Any, str], list[dict[str, Any]]]], ...] = (
    (page.knows, page.read),
    (label_studio.knows, label_studio.read),
    (argilla.knows, argilla.read),
)


def format_of(place: str) -> ExchangeFormat:
    """The form that a file is written in; ConfigError where its ending names none."""
    ending = PurePosixPath(place).suffix
    for form in FORMATS:
        if form.ending == ending:
            return form
    known = ", ".join(f"{form.ending} ({form.name})" for form in FORMATS)
    raise ConfigError(f"{ending or place!r} is no form of a queue", where="--to", fix=f"end it in {known}")


def write_queue(queue: ReviewQueue, place: str, pictures: Pictures) -> list[str]:
    """Write rows with an empty answer in the form that the place ends in; the names of the files."""
    form, (store, name) = format_of(place), _opened(place)
    if queue.scheme == PLAIN and form.of_spans:
        raise ConfigError(
            f"{form.name} asks for spans, and tags that stand by themselves (scheme {PLAIN}) have none",
            where="--to",
            fix="take .html, .csv or .parquet",
        )
    files = form.write(queue, pictures)
    base = name.removesuffix(PurePosixPath(name).suffix)
    written = {_name(name, base, ending): data for ending, data in files.items()}
    for path, data in written.items():
        store.write(path, data)
    return [store.url(path) for path in written]


def read_answers(place: str, annotator: str) -> list[GivenAnswer]:
    """The answers in a file, or in a folder of Argilla's, whose form its content says.

    annotator: who answered, where the file doesn't say. Raises InputError where it is none of them.
    """
    store, name = _opened(place)
    name = f"{name}{argilla.RECORDS}" if store.exists(f"{name}{argilla.RECORDS}") else name
    where = store.url(name)
    if not store.exists(name):
        raise InputError("there is no such file", where=where)
    with store.open(name) as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise InputError(
            f"larger than {LARGEST >> 20} MiB", where=where,
            fix="give the answers alone: without the column `shown`, or in several files",
        )  # fmt: skip
    rows = parquet.read(data, where) if data.startswith(parquet.MAGIC) else _of_text(data, where)
    return given_answers(rows, annotator)


def _of_text(data: bytes, where: str) -> list[dict[str, Any]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        what = "not encoded as UTF-8"
        raise InputError(
            what, where=where, fix="save it as CSV UTF-8, or unpack it if it is packed"
        ) from error
    if text.startswith("PK\x03\x04"):
        raise InputError("a workbook or a zip archive", where=where, fix="save it as CSV UTF-8, or unpack it")
    begins = text[:100].lstrip().lower()
    if begins.startswith(("<!doctype", "<html")):
        raise InputError(
            "this is the page", where=where, fix="open it, answer, and give the file that it saves"
        )
    return _of_json(text, where) if begins.startswith(("{", "[")) else spreadsheet.read(text, where)


def _of_json(text: str, where: str) -> list[dict[str, Any]]:
    value = _parsed(text, where)
    for knows, read in JSON_FORMS:
        if knows(value):
            return read(value, where)
    raise InputError(
        "JSON, but neither decisions nor an export of rows that were sent", where=where, fix=OURS
    )


def _parsed(text: str, where: str) -> Any:
    """JSON, or a line of JSON for each record."""
    try:
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            lines = [line for line in text.splitlines() if line.strip()]
            if error.msg != "Extra data" or len(lines) < 2:
                raise
            return [json.loads(line) for line in lines]
    except json.JSONDecodeError as error:
        raise InputError(f"no JSON: {error.msg}", where=f"{where}:{error.lineno}", fix=OURS) from error
    except (ValueError, RecursionError) as error:  # a number of a million digits, lists in lists in lists
        raise InputError(f"JSON that can't be read: {error}", where=where, fix=OURS) from error


def _name(name: str, base: str, ending: str) -> str:
    """Of a file beside the place, or in a folder of its name."""
    return f"{base if ending.startswith('.') else name}{ending}"


def _opened(place: str) -> tuple[Store, str]:
    """The folder of a file, and its name there."""
    folder, _, name = place.rstrip("/").rpartition("/")
    return Store(folder or "/"), name
