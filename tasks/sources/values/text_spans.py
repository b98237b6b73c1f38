"""Texts with spans of characters as tokens with tags, and back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.types as types

from labelworks.schemas.arrow_types import is_text

TOKEN = re.compile(r"\w+|[^\w\s]")  # a word, or a sign: where labels are must not show in how texts are cut
LISTS = pa.list_(pa.string())
TEXT_SPAN = pa.struct([("start", pa.int64()), ("end", pa.int64()), ("label", pa.string())])
NAMES = (
    ("start", "start_offset"),
    ("end", "end_offset"),
    ("label", "labels", "type", "entity_group"),
)  # of the fields of a span, as tools write them


class _UnfitError(Exception):
    """Why spans are none of their text."""


def are_spans(kind: pa.DataType) -> bool:
    """Whether values are lists of spans: {start, end, label}, in characters, by any of NAMES."""
    return (types.is_list(kind) or types.is_large_list(kind)) and span_fields(kind.value_type) is not None


def span_fields(kind: pa.DataType) -> tuple[str, str, str] | None:
    """What start, end and label of a span are called in structs of a type; None where these are no spans."""
    if not types.is_struct(kind):
        return None
    held = {field.name: field.type for field in kind}
    fits = (types.is_integer, types.is_integer, _is_label)
    start, end, label = (
        next((name for name in names if name in held and fit(held[name])), None)
        for names, fit in zip(NAMES, fits, strict=True)
    )
    return None if start is None or end is None or label is None else (start, end, label)


def _is_label(kind: pa.DataType) -> bool:
    """Whether values are texts, or lists of them, as Label Studio writes the label of a span."""
    return is_text(kind) or ((types.is_list(kind) or types.is_large_list(kind)) and is_text(kind.value_type))


def as_tokens(values: pa.Array) -> pa.Array:
    """Lists of tokens: as they are, or of texts cut into words and signs."""
    if not is_text(values.type):
        return values
    return pa.array([None if text is None else TOKEN.findall(text) for text in values.to_pylist()], LISTS)


def as_tags(values: pa.Array, texts: pa.Array, *, repair: bool) -> tuple[pa.Array, pa.Array]:
    """Lists of tags (BIO) of spans of texts (N,), and why a row's are none (N,), null where they are.

    repair: a span that ends within a word takes all of it.
    """
    tags: list[list[str] | None] = []
    reasons: list[str | None] = []
    fields = span_fields(values.type.value_type)
    if fields is None:
        raise TypeError(f"{values.type} is no list of spans")
    for text, spans in zip(texts.to_pylist(), values.to_pylist(), strict=True):
        try:
            known = text is not None and spans is not None
            tags.append(_tags(str(text), [_plain(span, fields) for span in spans], repair) if known else None)
            reasons.append(None)
        except _UnfitError as error:
            tags.append(None)
            reasons.append(str(error))
    return pa.array(tags, LISTS), pa.array(reasons, pa.string())


def as_spans(texts: pa.Array, spans: Sequence[Sequence[tuple[int, int, str]]]) -> pa.Array:
    """Spans of characters of spans of tokens, start … end - 1, with their types."""
    taken = []
    for text, row in zip(texts.to_pylist(), spans, strict=True):
        places = [match.span() for match in TOKEN.finditer(text or "")]
        taken.append(
            [
                {"start": places[start][0], "end": places[end - 1][1], "label": kind}
                for start, end, kind in row
            ]
        )
    return pa.array(taken, pa.list_(TEXT_SPAN))


def _plain(span: dict[str, Any] | None, fields: Sequence[str]) -> tuple[int, int, str]:
    """Start, end and label of a span; _UnfitError where one is missing, or the label is several."""
    start, end, label = ((span or {}).get(name) for name in fields)
    if isinstance(label, list):
        if len(label) > 1:
            raise _UnfitError(f"the span {start} to {end} has {len(label)} labels: {', '.join(label)}")
        label = label[0] if label else None
    if start is None or end is None or not label:
        raise _UnfitError(f"the span {start} to {end} lacks its start, its end or its label")
    return start, end, label


def _tags(text: str, spans: Sequence[tuple[int, int, str]], repair: bool) -> list[str]:
    places = np.array([match.span() for match in TOKEN.finditer(text)], np.int64).reshape(-1, 2)
    tags = ["O"] * len(places)
    for start, end, label in sorted(spans):
        if not 0 <= start < end <= len(text):
            raise _UnfitError(f"the span {start} to {end} is none of a text of {len(text)} characters")
        inside = np.flatnonzero((places[:, 1] > start) & (places[:, 0] < end))
        if not len(inside):
            raise _UnfitError(f"the span {start} to {end} has no word in it")
        first, last = int(inside[0]), int(inside[-1])
        if not repair and (places[first, 0] < start or places[last, 1] > end):
            raise _UnfitError(f"the span {start} to {end} ends within a word")
        if any(tag != "O" for tag in tags[first : last + 1]):
            raise _UnfitError(f"the span {start} to {end} overlaps another one")
        tags[first : last + 1] = [f"B-{label}", *[f"I-{label}"] * (last - first)]
    return tags
