"""Texts with spans of characters: as tags of tokens, and back."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelworks.tasks.sources.values.text_spans import (
    TEXT_SPAN,
    TOKEN,
    are_spans,
    as_spans,
    as_tags,
    as_tokens,
)

LABELLED = pa.struct([("start", pa.int64()), ("end", pa.int64()), ("labels", pa.list_(pa.string()))])
TEXT = "Ärger in New York, Ny."


def tagged(*spans: tuple[int, int], repair: bool = False) -> tuple[list[str] | None, str | None]:
    rows = [[{"start": start, "end": end, "label": "x"} for start, end in spans]]
    tags, reasons = as_tags(pa.array(rows, pa.list_(TEXT_SPAN)), pa.array([TEXT]), repair=repair)
    return tags[0].as_py(), reasons[0].as_py()


def test_spans_are_tags_of_words_and_signs() -> None:
    assert as_tokens(pa.array([TEXT, None])).to_pylist() == [
        ["Ärger", "in", "New", "York", ",", "Ny", "."], None,
    ]  # fmt: skip
    assert tagged((9, 17), (19, 21)) == (["O", "O", "B-x", "I-x", "O", "B-x", "O"], None)
    assert tagged((8, 18))[0] == ["O", "O", "B-x", "I-x", "I-x", "O", "O"]  # a blank at its end is none of it


@pytest.mark.parametrize(
    ("spans", "reason"),
    [
        ([(9, 99)], "the span 9 to 99 is none of a text of 22 characters"),
        ([(9, 9)], "the span 9 to 9 is none of a text of 22 characters"),
        ([(8, 9)], "the span 8 to 9 has no word in it"),
        ([(9, 15)], "the span 9 to 15 ends within a word"),
        ([(9, 17), (13, 17)], "the span 13 to 17 overlaps another one"),
    ],
)
def test_spans_that_are_none_are_said(spans: list[tuple[int, int]], reason: str) -> None:
    assert tagged(*spans) == (None, reason)


def test_a_span_takes_the_whole_word_where_tags_are_mended() -> None:
    assert tagged((9, 15), repair=True)[0] == ["O", "O", "B-x", "I-x", "O", "O", "O"]


def test_what_spans_are() -> None:
    assert are_spans(pa.list_(TEXT_SPAN)) and not are_spans(pa.list_(pa.string()))
    assert not are_spans(
        pa.list_(pa.struct([("start", pa.int64()), ("end", pa.int64()), ("kind", pa.string())]))
    )


@pytest.mark.parametrize(
    "span",
    [
        {"id": 1, "label": "x", "start_offset": 9, "end_offset": 17},  # doccano
        {"start": 9, "end": 17, "text": "New York", "labels": ["x"]},  # Label Studio
        {"start": 9, "end": 17, "label": "x", "token_start": 2, "token_end": 3},  # Prodigy
        {"entity_group": "x", "score": 0.9, "word": "New York", "start": 9, "end": 17},  # Hugging Face
        {"start": 9, "end": 17, "type": "x"},
    ],
)
def test_spans_as_tools_write_them(span: dict[str, Any]) -> None:
    values = pa.array([[span]])
    assert are_spans(values.type)
    tags, reasons = as_tags(values, pa.array([TEXT]), repair=False)
    assert (tags[0].as_py(), reasons[0].as_py()) == (["O", "O", "B-x", "I-x", "O", "O", "O"], None)


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (["x", "y"], "the span 9 to 17 has 2 labels: x, y"),
        ([], "the span 9 to 17 lacks its start, its end or its label"),
    ],
)
def test_a_span_has_one_label(labels: list[str], reason: str) -> None:
    values = pa.array([[{"start": 9, "end": 17, "labels": labels}]], pa.list_(LABELLED))
    assert as_tags(values, pa.array([TEXT]), repair=False)[1][0].as_py() == reason


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=30), st.data())
def test_there_and_back(text: str, data: st.DataObject) -> None:
    places = [match.span() for match in TOKEN.finditer(text)]
    if not places:
        return
    start = data.draw(st.integers(0, len(places) - 1))
    end = data.draw(st.integers(start + 1, len(places)))
    spans = as_spans(pa.array([text]), [[(start, end, "x")]])
    tags, reasons = as_tags(spans, pa.array([text]), repair=False)
    assert reasons[0].as_py() is None
    assert [place for place, tag in enumerate(tags[0].as_py()) if tag != "O"] == list(range(start, end))
