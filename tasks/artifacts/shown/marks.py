"""A sentence with its spans as marks: pieces of text, each with the type of its span, or with none."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from labelworks.schemas.records import DatasetRef
from labelworks.tasks.methods.tokens.spans import spans_of
from labelworks.tasks.methods.tokens.tag_set import OUTSIDE, PLAIN, TagSet

Piece = tuple[str, str | None]
MOST = 200  # tokens that are shown


def marked(tokens: Sequence[str], names: Sequence[str], ref: DatasetRef) -> tuple[Piece, ...]:
    """The pieces of a sentence by its tags; of tags that stand by themselves a piece a token."""
    if ref.tag_scheme == PLAIN:
        named = zip(tokens[:MOST], names[:MOST], strict=True)
        return tuple((token, None if name == OUTSIDE else name) for token, name in named)
    tags = TagSet.of(ref.classes, ref.tag_scheme)
    codes = np.array([tags.names.index(name) for name in names], np.int32)
    spans = spans_of(codes, np.array([0, len(codes)]), tags)
    pieces, behind = list[Piece](), 0
    for start, end, kind in zip(spans.start, spans.end, spans.kind, strict=True):
        if start >= MOST:
            break
        pieces += [(" ".join(tokens[behind:start]), None)] if start > behind else []
        pieces.append((" ".join(tokens[start:end]), tags.types[kind]))
        behind = int(end)
    rest = tokens[behind : max(MOST, behind)]
    return (*pieces, *([(" ".join(rest), None)] if rest else []))


def differing(pieces: Sequence[Piece], other: Sequence[Piece]) -> tuple[Piece, ...]:
    """The spans of a sentence that it doesn't have by its other tags."""
    there = set(zip(_starts(other), other, strict=True))
    placed = zip(_starts(pieces), pieces, strict=True)
    return tuple(piece for start, piece in placed if piece[1] is not None and (start, piece) not in there)


def _starts(pieces: Sequence[Piece]) -> list[int]:
    """Before how many words each piece begins."""
    return [0, *accumulate(len(text.split(" ")) for text, _ in pieces)][: len(pieces)]


def spans_text(pieces: Sequence[Piece]) -> str:
    """The spans of a sentence in a line."""
    return "; ".join(f"{text}: {kind}" for text, kind in pieces if kind is not None) or "(no span)"
