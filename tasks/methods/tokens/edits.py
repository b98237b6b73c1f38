"""What of suggested tags can be taken by itself: runs of tokens over whose ends no span goes on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.noise import NoiseResult
from labelworks.tasks.methods.tokens.chain_posterior import ChainPosterior, all_right
from labelworks.tasks.methods.tokens.sentences import first_tokens
from labelworks.tasks.methods.tokens.tag_set import TagSet

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Edits:
    """M runs of tokens start … end - 1 (M,) of all tokens, whose suggested tags are others than the given.

    Any of them may be taken without the others, and the scheme is kept. error_probability (M,): P(a given
    tag of the run is wrong). suggested (M,): P(its suggested tags are all right); claim: as far as that is
    borne out.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    error_probability: NDArray[np.float32]
    suggested: NDArray[np.float32]
    claim: NDArray[np.float32]


def edits_of(
    given: NDArray[np.integer],
    suggestion: NDArray[np.integer],
    offsets: NDArray[np.int64],
    tags: TagSet,
    found: ChainPosterior,
    proposed: Floats,
    share: Floats,
) -> Edits:
    """Edits of given tags (N,) to suggested ones (N,).

    found: posteriors of the given tags; proposed (N, 2): `own` and `kept` of the suggested ones; share (N,):
    of each suggested tag's probability, what is borne out.
    """
    start, end = runs(given, suggestion, offsets, tags)
    claimed = np.clip(all_right(proposed[:, 0], proposed[:, 1], start, end), 0, 1)
    kept = np.clip(all_right(found.own, found.kept, start, end), 0, 1)
    bounds = np.stack([start, end], axis=1).ravel()
    held = np.minimum.reduceat(np.append(share, 1.0), bounds)[::2]
    return Edits(start, end, *(values.astype(np.float32) for values in (1 - kept, claimed, claimed * held)))


def runs(
    given: NDArray[np.integer], suggestion: NDArray[np.integer], offsets: NDArray[np.int64], tags: TagSet
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Starts and ends (M,) of the least runs of tokens (N,) that differ and over whose ends no span goes."""
    if not len(given):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    begins = first_tokens(offsets)
    goes_on = np.zeros(len(given), bool)
    for codes in (given, suggestion):
        goes_on[1:] |= tags.goes_on(codes[:-1], codes[1:])
    start = np.flatnonzero(begins | ~goes_on)
    end = np.append(start[1:], len(given))
    differs = np.add.reduceat(given != suggestion, start) > 0
    return start[differs], end[differs]


def borne_out(alone: NoiseResult, suggestion: NDArray[np.integer]) -> Floats:
    """Of each suggested tag's probability (N,) the share that the noise method finds borne out."""
    suggested, claim = alone.suggested, alone.claim
    share = np.ones(len(suggestion))
    if suggested is None or claim is None:
        return share
    asked = alone.flag & (alone.suggestion == suggestion)
    share[asked] = np.clip(claim[asked] / np.maximum(suggested[asked], 1e-9), 0, 1)
    return share


def taken(
    given: NDArray[np.integer],
    suggestion: NDArray[np.integer],
    start: NDArray[np.integer],
    end: NDArray[np.integer],
    sure: NDArray[np.bool_],
) -> NDArray[np.int32]:
    """The given tags (N,) with the suggested ones of those edits (M,) that are sure."""
    change = np.zeros(len(given) + 1, np.int64)
    np.add.at(change, start[sure], 1)
    np.add.at(change, end[sure], -1)
    return np.where(np.cumsum(change[:-1]) > 0, suggestion, given).astype(np.int32)
