"""What the noise of labels says of a dataset: rates, confusions, what is flagged."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.findings.confusions import top_confusions
from labelworks.tasks.methods.noise import NoiseResult

Classes = tuple[str | int, ...]


def noise_findings(
    judged: NoiseResult, probs: NDArray[np.float32], given: NDArray[np.int32], classes: Classes
) -> dict[str, Any]:
    """Rate, interval and strongest confusions; probs (N, K) out of sample, given labels (N,) of a sample."""
    low, high = judged.noise_rate_interval
    return {
        "method": judged.method,
        "rate": float(judged.noise_rate),
        "rate_interval": [float(low), float(high)],
        **agreement(given, probs.argmax(axis=1)),
        "top_confusions": [asdict(each) for each in top_confusions(judged.transition, classes)],
    }


def agreement(given: NDArray[np.integer], foretold: NDArray[np.integer]) -> dict[str, float]:
    """How often classes (N,) are as foretold (N,), and how often they would be if these were shuffled."""
    rows, classes = len(given), int(max(given.max(initial=0), foretold.max(initial=0))) + 1
    hits = int(np.count_nonzero(given == foretold))
    by_chance = int(np.bincount(given, minlength=classes) @ np.bincount(foretold, minlength=classes))
    return {
        "out_of_sample_accuracy": hits / rows,
        "chance_accuracy": by_chance / rows**2,
        "accuracy_over_chance": (hits * rows - by_chance) / rows**2,  # 0 where one class is named throughout
    }
