"""Of a chain over tags: the probability of each, of given ones together, and the likeliest together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.tokens.chain import Chain, Floats
from labelworks.tasks.methods.tokens.sentences import last_tokens

TINY = 1e-300


@dataclass(frozen=True, eq=False)
class ChainPosterior:
    """What a chain says of N tokens.

    probs (N, K): of each tag. own (N,): of the given one. kept (N,): P(the tag is the given one, if that
    before it is; of a first token at all). grown (N,): P(the tag goes on with the span before it though it is
    not given so, if the tag before is the given one).
    """

    probs: Floats
    own: Floats
    kept: Floats
    grown: Floats


def posteriors_of(chain: Chain, *tags: NDArray[np.integer]) -> list[ChainPosterior]:
    """Sum over all tags that the scheme allows, forward and backward (Rabiner 1989), once for all of `tags`.

    tags: codes (N,) given, suggested, …; there is one posterior for each, and their `probs` are the same.
    """
    forward, scale = _forward(chain)
    backward = _backward(chain, scale)
    probs = forward * backward
    probs /= np.maximum(probs.sum(axis=1, keepdims=True), TINY)
    found = []
    for codes in tags:
        own = probs[np.arange(len(codes)), codes]
        found.append(ChainPosterior(probs, own, *_beside(chain, codes, scale, backward, own)))
    return found


def _forward(chain: Chain) -> tuple[Floats, Floats]:
    """Forward weights (N, K), each token's summing to 1, and what they were divided by (N,)."""
    forward, scale = np.zeros(chain.fit.shape), np.ones(len(chain.fit))
    for here, before in chain.steps():
        weight = chain.fit[here] if before is None else chain.arrivals(forward[before]) * chain.fit[here]
        scale[here] = np.maximum(weight.sum(axis=1), TINY)
        forward[here] = weight / scale[here][:, None]
    return forward, scale


def _backward(chain: Chain, scale: Floats) -> Floats:
    backward = np.ones(chain.fit.shape)
    for here, before in reversed(list(chain.steps())):
        if before is not None:
            backward[before] = chain.departures(chain.fit[here] * backward[here] / scale[here][:, None])
    return backward


def _beside(
    chain: Chain, given: NDArray[np.integer], scale: Floats, backward: Floats, own: Floats
) -> tuple[Floats, Floats]:
    """`kept` and `grown` (N,) as in ChainPosterior."""
    tags, grown, kept = chain.tags, np.zeros(len(given)), own.copy()
    for here, before in chain.steps():
        if before is None:
            continue
        rows, now, earlier = np.arange(len(here)), given[here], given[before]
        after = chain.fit[here] * backward[here] / scale[here][:, None]
        after /= np.maximum(backward[before][rows, earlier], TINY)[:, None]
        kept[here] = np.clip(after[rows, now] * tags.follows(earlier, now), 0, 1)
        goes_on = (tags.before == earlier[:, None, None]).any(axis=2)
        goes_on[rows, now] = False
        grown[here] = np.clip((after * goes_on).sum(axis=1), 0, 1)
    return kept, grown


def together(kept: Floats, start: NDArray[np.integer], end: NDArray[np.integer]) -> Floats:
    """P(all of the tags start … end - 1 (M,) are right), by `kept` (N,) of each."""
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.maximum(kept, 1e-30)))])
    return np.asarray(np.exp(logs[end] - logs[start]))


def all_right(own: Floats, kept: Floats, start: NDArray[np.integer], end: NDArray[np.integer]) -> Floats:
    """P(all of the tags start … end - 1 (M,) are right), whatever stands before: by `own` of the first."""
    return np.asarray(own[start] * together(kept, start + 1, end))


def best_tags(chain: Chain) -> NDArray[np.int32]:
    """The likeliest tags (N,) of each sentence together, such as the scheme allows (Viterbi 1967)."""
    best, steps = np.zeros(chain.fit.shape), list(chain.steps())
    for here, before in steps:
        came = np.ones(1) if before is None else chain.arrivals(best[before], best=True)
        weight = came * chain.fit[here]
        best[here] = weight / np.maximum(weight.max(axis=1, keepdims=True), TINY)
    tags = np.zeros(len(chain.fit), np.int32)
    last = np.flatnonzero(last_tokens(chain.offsets))
    tags[last] = best[last].argmax(axis=1)
    for here, before in reversed(steps):
        if before is not None:
            tags[before] = np.where(chain.leading_to(tags[here]), best[before], -1.0).argmax(axis=1)
    return tags
