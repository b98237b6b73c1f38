"""Complementary labels: classes that a row is not of."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.treatment.imprecise.core.likelihood import Likelihood, Marks


@register("label_kind", "complementary", source="Ishida et al. 2017; several a row: Feng et al. 2020")
def complementary(marks: Marks) -> Likelihood:
    """One or more classes that a row is not of. Assumes that none of them is right."""
    ruled_out = sparse.csr_array((-np.ones_like(marks.data), marks.indices, marks.indptr), marks.shape)
    return Likelihood.of_marks(ruled_out, flat=1.0)
