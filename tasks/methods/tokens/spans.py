"""Tags as spans, spans as tags, and tags that break their scheme mended."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.tokens.sentences import first_tokens, last_tokens
from labelworks.tasks.methods.tokens.tag_set import BEGIN, INSIDE, IO, LAST, LETTERS, OUT, UNIT, TagSet


@dataclass(frozen=True, eq=False)
class Spans:
    """M spans: tokens start … end - 1 (M,) of all tokens, and the number of their type (M,)."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    kind: NDArray[np.int32]


def spans_of(codes: NDArray[np.integer], offsets: NDArray[np.int64], tags: TagSet) -> Spans:
    """The spans of tags (N,). Tags that break their scheme are read as they are mostly meant.

    A tag begins a span where it says so, where its type is another than that of the tag before it, and where
    there is none before it that it could go on with: as the CoNLL evaluation reads them (Tjong Kim Sang &
    De Meulder 2003).
    """
    role, kind = tags.role[codes], tags.kind[codes]
    inside, first, last = role != OUT, first_tokens(offsets), last_tokens(offsets)
    begins = inside & (first | np.isin(role, (BEGIN, UNIT)))
    begins[1:] |= inside[1:] & ((kind[1:] != kind[:-1]) | np.isin(role[:-1], (LAST, UNIT)))
    ends = inside & last
    ends[:-1] |= inside[:-1] & (begins[1:] | ~inside[1:])
    start = np.flatnonzero(begins)
    return Spans(start, np.flatnonzero(ends) + 1, kind[start])


def tags_of(spans: Spans, tokens: int, tags: TagSet) -> NDArray[np.int32]:
    """Tags (N,) of spans that don't overlap; of the set, which has to be complete."""
    codes = np.full(tokens, tags.code(OUT, -1), np.int32)
    length = spans.end - spans.start
    size, kind, at = np.repeat(length, length), np.repeat(spans.kind, length), _within(length)
    role = np.where((at == 0) & (tags.scheme != IO), BEGIN, INSIDE)
    if len(LETTERS[tags.scheme]) == len("BILU"):
        role = np.where(at == size - 1, np.where(size == 1, UNIT, LAST), role)
    codes[np.repeat(spans.start, length) + at] = _codes(tags)[role, kind]
    return codes


def mended(codes: NDArray[np.integer], offsets: NDArray[np.int64], tags: TagSet) -> NDArray[np.int32]:
    """Tags (N,) that keep the scheme: the spans that the given ones are read as, written anew."""
    return tags_of(spans_of(codes, offsets, tags), len(codes), tags)


def _within(length: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, … within each of M runs of these lengths."""
    return np.arange(int(length.sum())) - np.repeat(np.cumsum(length) - length, length)


def _codes(tags: TagSet) -> NDArray[np.int32]:
    """The code of each role and type (5, T)."""
    kinds = range(len(tags.types))
    return np.array([[tags.code(role, kind) for kind in kinds] for role in range(UNIT + 1)], np.int32)
