"""What the noise of labels says of a dataset: rates, confusions, what is flagged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.findings import NoiseFindings
from labelworks.tasks.methods.findings.confusions import top_confusions
from labelworks.tasks.methods.noise import NoiseResult
from labelworks.tasks.methods.noise.core.transition_em import undominated

Classes = tuple[str | int, ...]


@dataclass(frozen=True)
class RowCounts:
    """Rows of the whole dataset by what was found of them; None: it was not looked for."""

    rows: int
    flagged: int
    out_of_scope: int
    copies_disagree: int
    pairs: int | None = None
    mismatched_pairs: int | None = None

    @property
    def mismatched_share(self) -> float | None:
        """Of the pairs; None where there are none."""
        return (self.mismatched_pairs or 0) / self.pairs if self.pairs else None


def noise_findings(
    judged: NoiseResult,
    probs: NDArray[np.float32],
    given: NDArray[np.int32],
    classes: Classes,
    found: RowCounts,
    chance_p_value: float | None,
) -> NoiseFindings:
    """Rate, interval, confusions and what is flagged; probs (N, K) out of sample, given (N,) of a sample."""
    low, high = judged.noise_rate_interval
    counts = np.bincount(given, minlength=len(classes))
    return NoiseFindings(
        method=judged.method,
        rate=float(judged.noise_rate),
        rate_interval=(float(low), float(high)),
        rate_reason=judged.reason or None,
        undominated=tuple(classes[place] for place in undominated(judged.transition, counts)),
        steady=judged.steady,
        doubt=judged.doubt,
        flagged=found.flagged,
        flagged_share=found.flagged / found.rows,
        **agreement(given, probs.argmax(axis=1)),
        chance_p_value=chance_p_value,
        top_confusions=tuple(top_confusions(judged.transition, classes)),
        copies_disagree=found.copies_disagree,
        out_of_scope=found.out_of_scope,
        pairs=found.pairs,
        mismatched_pairs=found.mismatched_pairs,
        mismatched_share=found.mismatched_share,
    )


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
