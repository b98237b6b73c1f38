"""From which probability on a class belongs into the set of a row of the target window."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.scores import write_target_sets
from labelworks.tasks.artifacts.soft_labels import SOFT_CLASSES
from labelworks.tasks.methods.inference.prediction_sets import AskedSets, set_counts, set_thresholds
from labelworks.tasks.methods.label_shift.posterior_correction import correct
from labelworks.tasks.methods.label_shift.result import PriorEstimate
from labelworks.tasks.methods.noise.core.result import NoiseResult


def keep_target_sets(
    artifacts: Artifacts,
    asked: AskedSets | None,
    probs: NDArray[np.float32],
    judged: NoiseResult,
    prior: PriorEstimate,
) -> None:
    """Learn the thresholds on labelled rows, and keep them; nothing where no sets are asked for.

    probs (n, K): of labelled rows, out of sample. Each counts for its true class as probably it is of it, as
    often as that class is there in the target; what is cut is its probability at the target's class mix
    (Podkopaev & Ramdas 2021). With more classes than posteriors are kept of, there are none.
    """
    if asked is None or judged.posterior is None or probs.shape[1] > SOFT_CLASSES:
        return
    counts = set_counts(correct(probs, prior).posterior, judged.posterior)
    thresholds = set_thresholds(counts, asked.coverage, by_class=asked.by_class, class_weights=prior.weights)
    write_target_sets(artifacts, thresholds)
