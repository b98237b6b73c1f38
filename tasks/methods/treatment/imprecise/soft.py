"""Soft labels: a distribution over the classes."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.treatment.imprecise.core.likelihood import Likelihood, Marks

FLOOR = 1e-6  # a model may find what nobody said


@register("label_kind", "soft", source="Peterson et al. 2019; Raykar et al. 2010, section 2.5")
def soft(marks: Marks) -> Likelihood:
    """Shares of the classes, which are made to sum to 1: a posterior, so that over the class mix.

    Assumes that whoever gave it knew the classes as often as they are given, and not what the features say.
    """
    total = np.asarray(marks.sum(axis=1)).ravel()
    shares = sparse.diags_array(1 / np.maximum(total, FLOOR)) @ marks
    prior = np.asarray(shares.mean(axis=0)).ravel()
    return Likelihood.of_marks(shares @ sparse.diags_array(1 / np.maximum(prior, FLOOR)), flat=FLOOR)
