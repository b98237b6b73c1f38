"""Votes on a row whose voters aren't told apart: how often each class was named."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.treatment.imprecise.core.likelihood import Likelihood, Marks

START, LEAST, MOST = 0.8, 0.05, 0.999  # P(a vote is right): at first, and its bounds
STEPS = 50
MOST_SAID = 60.0  # of the log of one class's odds: more overflows and says no more


@register("label_kind", "votes", source="one coin: Zhang et al. 2014")
def votes(marks: Marks) -> Likelihood:
    """How many votes each class got. One P(right) for all, by EM; wrong votes fall on all others alike.

    Of people known by name `aggregate_votes` makes more: its posterior is of the kind soft.
    """
    rows, classes = marks.shape
    cast = np.asarray(marks.sum(axis=1)).ravel()
    own = np.repeat(np.arange(rows), np.diff(marks.indptr))
    accuracy = START
    for _ in range(STEPS):
        said = _said(marks.data, accuracy, classes)
        unnamed = classes - np.diff(marks.indptr)
        total = np.bincount(own, said, minlength=rows) + unnamed
        right = float((said / total[own] * marks.data).sum())
        right_share = float(np.clip(right / max(cast.sum(), 1.0), LEAST, MOST))
        if abs(right_share - accuracy) < 1e-6:
            break
        accuracy = right_share
    raised = _said(marks.data, accuracy, classes) - 1
    return Likelihood.of_marks(sparse.csr_array((raised, marks.indices, marks.indptr), marks.shape), flat=1.0)


def _said(count: np.ndarray, accuracy: float, classes: int) -> np.ndarray:
    """How much likelier the votes are where the class that got `count` of them is the true one."""
    odds = np.log(accuracy * max(classes - 1, 1) / (1 - accuracy))
    return np.asarray(np.exp(np.clip(count * odds, -MOST_SAID, MOST_SAID)))
