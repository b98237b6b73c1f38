"""What rules say of a row, by the label model that knows how right each of them is."""

from __future__ import annotations

import numpy as np

from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.treatment.imprecise.core.likelihood import Likelihood, Marks


@register("label_kind", "rules", source="Ratner et al. 2016")
def rules(marks: Marks) -> Likelihood:
    """P(the rules' votes | class), as the label model gives it; a row on which no rule fires has no mark."""
    fired = np.diff(marks.indptr) > 0
    likelihood = Likelihood.of_marks(marks)
    return Likelihood(likelihood.marks, (~fired).astype(np.float32))
