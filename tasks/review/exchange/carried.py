"""What goes with a row through any file and comes back with its answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labelworks.schemas.review import ReviewQueue, ReviewRow
from labelworks.tasks.artifacts.decisions import answers
from labelworks.tasks.artifacts.decisions.checked import GivenAnswer
from labelworks.tasks.artifacts.shown.rows_by_id import BETWEEN

HEX = "x"  # begins a content's hash: neither a spreadsheet nor JavaScript takes it for a number
AS_SHOWN = ("id", "given", "suggestion")
BEHIND = (
    "dataset",
    "run",
    "why",
    "sample",
    "stratum",
    "stratum_rows",
    "stratum_likely",
    "probability",
    "like",
    "distance",
    "content",
)
SAID = ("sample", "stratum", "stratum_rows", "stratum_likely", "probability", "suggestion", "when")
WORDS = tuple(f"({word})" for word in answers.WORDS)  # as choices beside classes
LONGEST = 200  # characters of what should have been a text


@dataclass(frozen=True)
class Picture:
    """An image as an address of data; tiny: a handful of pixels, that are drawn as such."""

    address: str
    tiny: bool


Pictures = Mapping[tuple[str, int], Picture]  # by partition and row


def carried(row: ReviewRow, queue: ReviewQueue) -> dict[str, Any]:
    """AS_SHOWN and BEHIND of a row; None where there is nothing to say."""
    known = row.model_dump() | {
        "content": f"{HEX}{row.content:016x}", "dataset": queue.dataset, "run": queue.run,
    }  # fmt: skip
    return {name: known.get(name) for name in (*AS_SHOWN, *BEHIND)}


def given_answers(rows: Iterable[Mapping[str, Any]], annotator: str) -> list[GivenAnswer]:
    """The answers of rows as files hold them: `answer`, who answered (annotator: else), what was carried."""
    return [
        GivenAnswer(
            place,
            _text(row.get("id")),
            _text(row.get("answer")),
            _facts(row, annotator),
            _text(row.get("dataset")),
        )
        for place, row in enumerate(rows, 1)
    ]


def answer_named(names: Sequence[str]) -> str:
    """Choices that were made as one answer; a word alone counts beside anything."""
    return next((name for name in names if name in WORDS), None) or BETWEEN.join(names)


def likeliest(row: ReviewRow) -> str:
    """The likeliest classes of a row in a line."""
    return ", ".join(f"{name} {value:.2f}" for name, value in row.probabilities)


def _facts(row: Mapping[str, Any], annotator: str) -> dict[str, Any]:
    """The fields of a decision that a row says, as they came: they are checked with the answer."""
    said = {name: row[name] for name in SAID if row.get(name) not in (None, "")}
    return {
        "annotator": _text(row.get("annotator")) or annotator,
        "run": _text(row.get("run")),
        "content": _content(row.get("content")),
        "given": None if row.get("given") is None else _text(row["given"]),
        "suggestion": None,
        "why": row.get("why") or ("audit" if "probability" in said else "queue"),
        **said,
    }


def _content(value: object) -> int:
    """A content's hash; of one that was overwritten a number that no row has."""
    try:
        return int(str(value or "").removeprefix(HEX), 16)
    except ValueError:
        return -1


def _text(value: object) -> str:
    """A value as text; of what is none the beginning, which is no id and no class.

    Half of a surrogate pair, which can't be written, becomes its escape.
    """
    if value is None:
        return ""
    text = value if isinstance(value, str) else repr(value)[:LONGEST]
    return text.encode(errors="backslashreplace").decode()
