"""Majority: the answer that most annotators gave."""

from __future__ import annotations

from labelworks.tasks.methods.crowd.fit import Fit
from labelworks.tasks.methods.crowd.votes import Votes
from labelworks.tasks.methods.registry import register


@register("crowd", "majority", source="folklore")
def majority(votes: Votes) -> Fit:
    """The answer most annotators gave.

    posterior (N, K): classes that tie share it, but for a trace that prefers the one commoner overall.
    """
    first = votes.counts == votes.counts.max(axis=1, keepdims=True)
    won = first * (1 + 1e-9 * votes.answer_shares)
    return Fit(won / won.sum(axis=1, keepdims=True))
