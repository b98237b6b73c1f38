"""A chain over the tags of a sentence: which may follow which, at a cost that grows with K, not with K²."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.tokens.sentences import first_tokens, last_tokens
from labelworks.tasks.methods.tokens.tag_set import TagSet

LEAST = 1e-9  # of a probability: what is all but impossible still is possible

Floats = NDArray[np.float64]
Steps = Iterator[tuple[NDArray[np.int64], NDArray[np.int64] | None]]


@dataclass(frozen=True, eq=False)
class Chain:
    """Sentences of N tokens over K tags.

    fit (N, K): how well each tag fits its token, up to a factor a token; 0 where a sentence can't begin or
    end with it.
    """

    fit: Floats
    offsets: NDArray[np.int64]
    tags: TagSet

    @classmethod
    def of(cls, probs: NDArray[np.floating], offsets: NDArray[np.int64], tags: TagSet) -> Chain:
        """A chain of the probabilities (N, K) of tags that only the scheme ties to each other."""
        fit = np.maximum(probs.astype(np.float64), LEAST)
        fit[first_tokens(offsets)[:, None] & tags.continues] = 0.0
        fit[last_tokens(offsets)[:, None] & ~tags.closes] = 0.0
        return cls(fit, offsets, tags)

    def steps(self) -> Steps:
        """By place in the sentence: the tokens there, and those before them; longest sentences first."""
        lengths = np.diff(self.offsets)
        order = np.argsort(-lengths, kind="stable")
        first, lengths = self.offsets[:-1][order], lengths[order]
        for place in range(int(lengths[0]) if len(lengths) else 0):
            here = first[: int(np.searchsorted(-lengths, -place, side="left"))] + place
            yield here, here - 1 if place else None

    def arrivals(self, weight: Floats, *, best: bool = False) -> Floats:
        """What reaches each tag (n, K) from weights (n, K) of the tags before: their sum, or the largest."""
        combine = np.max if best else np.sum
        opened = combine(np.where(self.tags.closes, weight, 0.0), axis=1)
        gone_on = combine(_with_none(weight)[:, self.tags.before], axis=2)
        return np.asarray(np.where(self.tags.continues, gone_on, opened[:, None]))

    def departures(self, weight: Floats) -> Floats:
        """What each tag (n, K) gets back from weights (n, K) of the tags after it: their sum."""
        opened = np.where(self.tags.continues, 0.0, weight).sum(axis=1)
        leaving = _with_none(np.where(self.tags.closes, opened[:, None], 0.0))
        for code in np.flatnonzero(self.tags.continues):
            for earlier in self.tags.before[code]:
                leaving[:, earlier] += weight[:, code]
        return np.asarray(leaving[:, :-1])

    def leading_to(self, now: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Which tags (n, K) may stand before these (n,)."""
        goes_on = (self.tags.before[now][:, :, None] == np.arange(len(self.tags.names))).any(axis=1)
        return np.where(self.tags.continues[now][:, None], goes_on, self.tags.closes)


def _with_none(weight: Floats) -> Floats:
    """Weights (n, K + 1) with those of no tag (-1), 0, behind the others."""
    return np.concatenate([weight, np.zeros((len(weight), 1))], axis=1)
