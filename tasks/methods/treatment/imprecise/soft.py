"""Soft labels: a distribution over the classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.treatment.imprecise.core.likelihood import Likelihood, Marks

FLOOR = 1e-6  # a model may find what nobody said


@register("label_kind", "soft", source="Peterson et al. 2019; Raykar et al. 2010, section 2.5")
def soft(marks: Marks, *, prior: NDArray[np.floating] | None = None) -> Likelihood:
    """Shares of the classes, which are made to sum to 1: a posterior, so that over the class mix.

    prior (K,): that mix; None: of these rows. Assumes that whoever gave it knew the classes as often as they
    are given, and not what the features say.
    """
    shares = shares_of(marks)
    if prior is None:
        prior = mix_of(marks)
    return Likelihood.of_marks(shares @ sparse.diags_array(1 / np.maximum(prior, FLOOR)), flat=FLOOR)


def mix_of(marks: Marks) -> NDArray[np.float64]:
    """The class mix (K,) of rows by their shares (n, K)."""
    return np.asarray(shares_of(marks).mean(axis=0), np.float64).ravel()


def shares_of(marks: Marks) -> Marks:
    """Shares (n, K) that sum to 1."""
    total = np.asarray(marks.sum(axis=1)).ravel()
    return sparse.diags_array(1 / np.maximum(total, FLOOR)) @ marks
