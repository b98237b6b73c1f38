"""Hierarchical Dawid–Skene: confusion matrices drawn from a common one."""

from __future__ import annotations

from labelworks.tasks.methods.crowd.fit import Fit
from labelworks.tasks.methods.crowd.graded import ALIKE, graded
from labelworks.tasks.methods.crowd.votes import Votes
from labelworks.tasks.methods.registry import register


@register("crowd", "hierarchical", source="Paun, Carpenter, Chamberlain, Hovy, Kruschwitz & Poesio 2018")
def hierarchical(votes: Votes) -> Fit:
    """Dawid–Skene whose annotators' confusion matrices are drawn from a common one, learned with them.

    posterior (N, K). The few votes of an annotator are completed by what annotators do in general; how alike
    they are is learned too (Dirichlet–multinomial, variational Bayes).
    """
    return graded(votes, ALIKE)
