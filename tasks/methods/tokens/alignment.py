"""Text with character spans as tokens with tags, and back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.tokens.sentences import offsets_of
from labelworks.tasks.methods.tokens.spans import Spans, spans_of, tags_of
from labelworks.tasks.methods.tokens.tag_set import LETTERS, OUTSIDE, TagSet

TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True)
class CharacterSpan:
    """Characters start … end - 1 of a text that are of a type."""

    start: int
    end: int
    type: str


def token_places(text: str) -> NDArray[np.int64]:
    """First character and the one behind the last (T, 2) of each token: runs of letters and digits, signs."""
    return np.array([match.span() for match in TOKEN.finditer(text)], np.int64).reshape(-1, 2)


def why_unfit(text: str, places: NDArray[np.int64], spans: Sequence[CharacterSpan]) -> str:
    """Why spans can't be tags of the tokens at these places (T, 2); "" if they can."""
    last = 0
    for span in sorted(spans, key=lambda each: (each.start, each.end)):
        shown = f"span {span.start}–{span.end} ({span.type})"
        if not 0 <= span.start < span.end <= len(text):
            return f"{shown} is outside the text of {len(text)} characters"
        if not span.type:
            return f"{shown} has no type"
        if span.start < last:
            return f"{shown} overlaps the one before it"
        if span.start not in places[:, 0] or span.end not in places[:, 1]:
            return f"{shown} doesn't begin and end with a token"
        last = span.end
    return ""


def tags_of_text(places: NDArray[np.int64], spans: Sequence[CharacterSpan], scheme: str = "bio") -> list[str]:
    """The tags (T,) of tokens at these places (T, 2) by spans that fit (`why_unfit`)."""
    ordered = sorted(spans, key=lambda each: each.start)
    begin = LETTERS[scheme][0]
    tags = TagSet.complete([OUTSIDE, *dict.fromkeys(f"{begin}-{span.type}" for span in ordered)], scheme)
    found = Spans(
        np.searchsorted(places[:, 0], [span.start for span in ordered]),
        np.searchsorted(places[:, 1], [span.end for span in ordered]) + 1,
        np.array([tags.types.index(span.type) for span in ordered], np.int32),
    )
    return [str(tags.names[code]) for code in tags_of(found, len(places), tags)]


def spans_of_text(
    places: NDArray[np.int64], tags: Sequence[str], scheme: str = "auto"
) -> list[CharacterSpan]:
    """The spans of tokens at these places (T, 2) by their tags (T,)."""
    known = TagSet.of(tuple(dict.fromkeys(tags)), scheme)
    codes = np.array([known.names.index(tag) for tag in tags], np.int32)
    found = spans_of(codes, offsets_of(np.array([len(tags)])), known)
    return [
        CharacterSpan(int(places[start, 0]), int(places[end - 1, 1]), known.types[kind])
        for start, end, kind in zip(found.start, found.end, found.kind, strict=True)
    ]
