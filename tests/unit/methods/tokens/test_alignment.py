"""Texts with character spans as tokens with tags, and back."""

from __future__ import annotations

import pytest

from labelworks.tasks.methods.tokens.alignment import (
    CharacterSpan,
    spans_of_text,
    tags_of_text,
    token_places,
    why_unfit,
)

TEXT = "Anna Li met Röntgen, in New York."


def span(part: str, kind: str) -> CharacterSpan:
    start = TEXT.index(part)
    return CharacterSpan(start, start + len(part), kind)


@pytest.mark.parametrize("scheme", ["bio", "bilou"])
def test_there_and_back(scheme: str) -> None:
    places = token_places(TEXT)
    assert [TEXT[low:high] for low, high in places][:5] == ["Anna", "Li", "met", "Röntgen", ","]
    spans = [span("New York", "place"), span("Anna Li", "person"), span("Röntgen", "person")]
    assert why_unfit(TEXT, places, spans) == ""
    tags = tags_of_text(places, spans, scheme)
    assert tags[:2] == ["B-person", "I-person" if scheme == "bio" else "L-person"]
    assert spans_of_text(places, tags, scheme) == sorted(spans, key=lambda each: each.start)


@pytest.mark.parametrize(
    ("spans", "why"),
    [
        ([CharacterSpan(0, 40, "x")], "span 0–40 (x) is outside the text of 33 characters"),
        ([CharacterSpan(4, 4, "x")], "is outside"),
        ([span("Anna Li", "x"), span("Li", "y")], "span 5–7 (y) overlaps the one before it"),
        ([span("nna", "x")], "span 1–4 (x) doesn't begin and end with a token"),
        ([span("Anna ", "x")], "doesn't begin and end with a token"),
        ([span("Anna", "")], "has no type"),
    ],
)
def test_why_spans_do_not_fit(spans: list[CharacterSpan], why: str) -> None:
    assert why in why_unfit(TEXT, token_places(TEXT), spans)


def test_a_text_without_tokens_or_spans() -> None:
    assert tags_of_text(token_places(" "), []) == []
    assert tags_of_text(token_places("a b"), []) == ["O", "O"]
    assert spans_of_text(token_places("a b"), ["O", "O"]) == []
