"""Sentences of tokens as one array: sentence s is offsets[s] … offsets[s + 1]."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.tokens.tag_set import TagSet


def offsets_of(lengths: NDArray[np.integer]) -> NDArray[np.int64]:
    """Offsets (S + 1,) of sentences of these lengths (S,)."""
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])


def first_tokens(offsets: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which tokens (N,) are the first of their sentence."""
    first = np.zeros(int(offsets[-1]), bool)
    first[offsets[:-1][np.diff(offsets) > 0]] = True
    return first


def last_tokens(offsets: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which tokens (N,) are the last of their sentence."""
    last = np.zeros(int(offsets[-1]), bool)
    last[offsets[1:][np.diff(offsets) > 0] - 1] = True
    return last


def sentence_of(offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """The sentence of each token (N,)."""
    return np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))


def sentence_at(places: NDArray[np.integer], offsets: NDArray[np.int64]) -> NDArray[np.intp]:
    """The sentence of the tokens at some places (n,)."""
    return np.searchsorted(offsets, places, side="right") - 1


def faults(codes: NDArray[np.integer], offsets: NDArray[np.int64], tags: TagSet) -> NDArray[np.bool_]:
    """Which tags (N,) can't stand where they stand: after the one before them, or at an end."""
    first, last = first_tokens(offsets), last_tokens(offsets)
    wrong = first & tags.continues[codes] | last & ~tags.closes[codes]
    if len(codes) > 1:
        wrong[1:] |= ~first[1:] & ~tags.follows(codes[:-1], codes[1:])
    return np.asarray(wrong, bool)
