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


class _UnfitError(Exception):
    """Why spans are none of their text."""


def are_spans(kind: pa.DataType) -> bool:
    """Whether values are lists of spans: {start, end, label}, in characters."""
    if not (types.is_list(kind) or types.is_large_list(kind)) or not types.is_struct(kind.value_type):
        return False
    names = {field.name: field.type for field in kind.value_type}
    whole = all(name in names and types.is_integer(names[name]) for name in ("start", "end"))
    return whole and "label" in names and is_text(names["label"])


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
    for text, spans in zip(texts.to_pylist(), values.to_pylist(), strict=True):
        try:
            known = text is not None and spans is not None
            tags.append(_tags(str(text), spans, repair) if known else None)
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


def _tags(text: str, spans: Sequence[dict[str, Any]], repair: bool) -> list[str]:
    places = np.array([match.span() for match in TOKEN.finditer(text)], np.int64).reshape(-1, 2)
    tags = ["O"] * len(places)
    for span in sorted(spans, key=lambda each: (each["start"] is None, each["start"])):
        start, end, label = (span[name] for name in ("start", "end", "label"))
        if None in (start, end, label) or not 0 <= start < end <= len(text):
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
