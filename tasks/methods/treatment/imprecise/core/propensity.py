"""How often a row of a class is labelled at all, told from positive and unlabelled rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.probes.ensemble import ProbeEnsemble
from labelworks.tasks.methods.statistics.float16 import single
from labelworks.tasks.methods.statistics.sums import FoldSums
from labelworks.tasks.methods.treatment.imprecise.core.likelihood import Marks, class_marked


def estimate_propensity(
    marks: Marks,
    features: NDArray[np.floating],
    folds: NDArray[np.integer],
    n_folds: int,
    probes: Sequence[str],
) -> NDArray[np.float64]:
    """P(labelled | class) (K,), 0 for a class that never is: mean P(labelled | x) of its labelled rows.

    Out of sample, by probes that tell labelled classes from unlabelled rows (Elkan & Noto 2008, e1). Assumes
    that which rows are labelled is chance, and that the features tell the classes: where they overlap, it is
    too low. Raises ConfigError where every class has labels, so that none is the rest.
    """
    classes = marks.shape[1]
    named, codes = np.unique(class_marked(marks, classes), return_inverse=True)
    if len(named) > classes:
        raise ConfigError(
            "every class has labelled rows, and kind 'single-positive' says that some have none",
            where="kind",
            fix="say kind 'none' for the rows without a label",
        )
    rows = single(features)
    sums = FoldSums.of(rows, codes, folds, n_folds, len(named))
    probs = np.exp(ProbeEnsemble.fit(sums, probes).calibrate(rows, codes, folds).log_probs(rows, folds))
    propensity = np.zeros(classes)
    for place, answer in enumerate(named):
        if answer < classes:
            propensity[answer] = probs[codes == place, place].mean(dtype=np.float64)
    return propensity
