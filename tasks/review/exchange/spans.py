"""Tags of a sentence as spans of characters of what is shown, as tools ask for them; and the way back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from labelworks.schemas.review import ReviewQueue, ReviewRow
from labelworks.tasks.artifacts.shown.marks import spans_text
from labelworks.tasks.artifacts.shown.rows_by_id import BETWEEN
from labelworks.tasks.methods.tokens.spans import Spans, spans_of, tags_of
from labelworks.tasks.methods.tokens.tag_set import LETTERS, OUTSIDE, TagSet

ENDS, SCHEME = "ends", "scheme"  # what comes back with a sentence: where its tokens end, how tags are written
NONE, OVERLAPPING = "(no span)", "overlapping spans"
UNPLACED = "a span without its place or its one label"


def behind(row: ReviewRow, queue: ReviewQueue) -> dict[str, str]:
    """What spans become tags by, once they are back."""
    return {ENDS: " ".join(map(str, row.ends)), SCHEME: queue.scheme}


def types_of(queue: ReviewQueue) -> tuple[str, ...]:
    """What a span may be labelled as."""
    return TagSet.of(queue.classes, queue.scheme).types


def in_words(row: ReviewRow) -> tuple[str, str, str]:
    """The spans given and suggested (empty: none are), and P(the given ones are right), in words."""
    given, *suggested = map(spans_text, row.marks)
    return given, "".join(suggested), ", ".join(f"given: {value:.2f}" for _, value in row.probabilities)


def spans_to_ask(row: ReviewRow, queue: ReviewQueue) -> list[tuple[int, int, str]]:
    """Start, end and type of the suggested spans, or else of the given ones, which people begin with."""
    names = (row.suggestion or row.given).split(BETWEEN)
    tags = TagSet.of(queue.classes, queue.scheme)
    codes = np.array([tags.names.index(name) for name in names], np.int32)
    spans = spans_of(codes, np.array([0, len(codes)]), tags)
    starts = _starts(row.ends)
    return [
        (starts[start], row.ends[end - 1], tags.types[kind])
        for start, end, kind in zip(spans.start, spans.end, spans.kind, strict=True)
    ]


def answer_of(spans: Any, said: Mapping[str, Any]) -> str:
    """The tags that spans stand for, as an answer; where they stand for none, why, which is no answer.

    spans: as tools give them; one that ends within a token takes all of it. said: what came back with them.
    """
    ends = [int(part) for part in str(said.get(ENDS, "")).split() if part.isdecimal()]
    scheme = said[SCHEME] if said.get(SCHEME) in LETTERS else "bio"
    try:
        placed = sorted(_placed(span) for span in (spans if isinstance(spans, list) else []))
    except ValueError as error:
        return str(error)
    starts, whole = _starts(ends), list[tuple[int, int, str]]()
    for start, end, kind in placed:
        inside = [at for at in range(len(ends)) if starts[at] < end and ends[at] > start]
        if not inside:
            return UNPLACED
        if whole and inside[0] < whole[-1][1]:
            return OVERLAPPING
        whole.append((inside[0], inside[-1] + 1, kind))
    return BETWEEN.join(_tags(whole, len(ends), scheme))


def _tags(spans: Sequence[tuple[int, int, str]], tokens: int, scheme: str) -> Iterator[str]:
    kinds = tuple(dict.fromkeys(kind for _, _, kind in spans))
    tags = TagSet.complete((OUTSIDE, *(f"I-{kind}" for kind in kinds)), scheme)
    start, end = (np.array([span[place] for span in spans], np.int64) for place in (0, 1))
    kind = np.array([tags.types.index(kind) for _, _, kind in spans], np.int32)
    yield from (str(tags.names[code]) for code in tags_of(Spans(start, end, kind), tokens, tags))


def _placed(span: Any) -> tuple[int, int, str]:
    """Start, end and label of a span as a tool gives it; ValueError where it has none."""
    held = span if isinstance(span, dict) else {}
    start, end, label = (held.get(name) for name in ("start", "end", "label"))
    labels = held.get("labels", label)
    label = labels[0] if isinstance(labels, list) and len(labels) == 1 else labels
    if not (type(start) is int and type(end) is int and isinstance(label, str) and label):
        raise ValueError(UNPLACED)
    return start, end, label


def _starts(ends: Sequence[int]) -> list[int]:
    """Where tokens begin that have a blank between them, by where they end."""
    return [0, *(end + 1 for end in ends[:-1])][: len(ends)]
