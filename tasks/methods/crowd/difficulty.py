"""Hierarchical Dawid–Skene with item difficulty."""

from __future__ import annotations

from labelworks.tasks.methods.crowd.fit import Fit
from labelworks.tasks.methods.crowd.graded import graded
from labelworks.tasks.methods.crowd.votes import Votes
from labelworks.tasks.methods.registry import register

ATTENTION = (1.0, 0.75, 0.5)


@register("crowd", "difficulty", source="Paun 2018, with the item effect of Whitehill 2009")
def difficulty(votes: Votes) -> Fit:
    """Hierarchical Dawid–Skene whose items come in levels of difficulty, as many votes on one item say less.

    posterior (N, K). On an item of level λ an annotator answers by their confusion matrix with probability λ
    and out of habit otherwise; levels 1, .75, .5, their shares learned.
    """
    return graded(votes, ATTENTION)
