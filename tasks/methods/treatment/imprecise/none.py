"""No label at all."""

from __future__ import annotations

import numpy as np

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.treatment.imprecise.core.likelihood import Likelihood, Marks


@register("label_kind", "none", source="Cascante-Bonilla et al. 2021")
def none(marks: Marks) -> Likelihood:
    """Nothing was observed: every class is as likely. Raises InputError for a row with a label."""
    counts = np.diff(marks.indptr)
    if counts.any():
        raise InputError(
            "a row of kind 'none' has a label",
            where=f"row {int(counts.argmax())}",
            fix="leave it empty, or name its kind",
        )
    return Likelihood.of_marks(marks, flat=1.0)
