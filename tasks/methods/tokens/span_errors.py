"""Given spans beside suggested ones: right, of another boundary or type, or with nothing beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.tokens.chain_posterior import ChainPosterior, all_right
from labelworks.tasks.methods.tokens.sentences import last_tokens, sentence_of
from labelworks.tasks.methods.tokens.spans import Spans, spans_of
from labelworks.tasks.methods.tokens.tag_set import TagSet

ERRORS = ("", "boundary", "type", "extra", "missing")
RIGHT, BOUNDARY, TYPE, EXTRA, MISSING = range(5)
NOWHERE = -1


@dataclass(frozen=True, eq=False)
class SpanErrors:
    """M spans: those given, and behind them those that are suggested where none is given.

    sentence, start, end (M,): tokens start … end - 1 of their sentence; kind (M,): number of the given type,
    -1: none. error (M,): index into ERRORS. to_start, to_end, to_kind (M,): the suggested span, -1: none.
    error_probability (M,): that the given span isn't right as it is; of a missing one that it is there.
    score (M,): of its worst token.
    """

    sentence: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    kind: NDArray[np.int32]
    error: NDArray[np.int8]
    to_start: NDArray[np.int64]
    to_end: NDArray[np.int64]
    to_kind: NDArray[np.int32]
    error_probability: NDArray[np.float32]
    score: NDArray[np.float32]


def span_errors(
    given: NDArray[np.integer],
    suggestion: NDArray[np.integer],
    offsets: NDArray[np.int64],
    tags: TagSet,
    found: ChainPosterior,
    score: NDArray[np.floating],
) -> SpanErrors:
    """Spans of given tags (N,), with what is suggested in their place, and suggested ones beside no given."""
    own, other = spans_of(given, offsets, tags), spans_of(suggestion, offsets, tags)
    match, alone = _matches(own, other)
    beside = _beside(other, np.concatenate([match, alone]))
    start, end, kind = (
        np.concatenate([of_own, of_other[alone]])
        for of_own, of_other in ((own.start, other.start), (own.end, other.end), (own.kind, other.kind))
    )
    missing = np.arange(len(start)) >= len(match)
    there = found.probs[other.start[alone], suggestion[other.start[alone]]]
    sentence = sentence_of(offsets)[start]
    first = offsets[sentence]
    shift = np.where(beside.kind == NOWHERE, 0, first)
    moved = (beside.start != start) | (beside.end != end)
    worst = [score[low:high].min() for low, high in zip(start, end, strict=True)]
    return SpanErrors(
        sentence=sentence,
        start=start - first,
        end=end - first,
        kind=np.where(missing, NOWHERE, kind).astype(np.int32),
        error=np.select(
            [missing, beside.kind == NOWHERE, beside.kind != kind, moved],
            [MISSING, EXTRA, TYPE, BOUNDARY],
            RIGHT,
        ).astype(np.int8),
        to_start=beside.start - shift,
        to_end=beside.end - shift,
        to_kind=beside.kind,
        error_probability=np.concatenate([1 - _kept_spans(own, found, offsets), there]).astype(np.float32),
        score=np.array(worst, np.float32),
    )


def _beside(spans: Spans, which: NDArray[np.int64]) -> Spans:
    """The spans of these numbers (M,); NOWHERE of none."""
    start, end, kind = (np.append(column, NOWHERE)[which] for column in (spans.start, spans.end, spans.kind))
    return Spans(start, end, kind.astype(np.int32))


def _matches(own: Spans, other: Spans) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """By given span the suggested one that shares most tokens with it, -1: none; the numbers of the rest."""
    match, taken = np.full(len(own.start), NOWHERE), np.zeros(len(other.start), bool)
    for at, (start, end) in enumerate(zip(own.start, own.end, strict=True)):
        low, high = np.searchsorted(other.end, start, side="right"), np.searchsorted(other.start, end)
        near = np.arange(low, high)
        shared = np.minimum(other.end[near], end) - np.maximum(other.start[near], start)
        shared = np.where(taken[near], 0, shared)
        if len(near) and shared.max() > 0:
            match[at] = near[shared.argmax()]
            taken[match[at]] = True
    return match, np.flatnonzero(~taken)


def _kept_spans(spans: Spans, found: ChainPosterior, offsets: NDArray[np.int64]) -> NDArray[np.float64]:
    """P(the span is right as given) (M,): its tags are, and it doesn't go on behind its end."""
    goes_on = np.append(found.grown, 0.0)[spans.end] * ~last_tokens(offsets)[spans.end - 1]
    return np.asarray(all_right(found.own, found.kept, spans.start, spans.end) * (1 - goes_on))
