"""The health of labels: one score, and classes ranked by how far their labels can be trusted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.findings import Class, ClassHealth, HealthFindings, NoiseFindings


def class_sums(
    given: NDArray[np.integer],
    error_probability: NDArray[np.floating],
    flag: NDArray[np.bool_],
    classes: int,
) -> NDArray[np.float64]:
    """Rows, their error probabilities and their flags, summed by given class (3, K): sums that add up."""
    weights = (None, error_probability.astype(np.float64), flag.astype(np.float64))
    return np.stack([np.bincount(given, weights=weight, minlength=classes) for weight in weights]).astype(
        float
    )


def health_findings(
    noise: NoiseFindings, sums: NDArray[np.float64], classes: Sequence[Class]
) -> HealthFindings:
    """Rank classes by their labels; sums (3, K): of `class_sums` over all rows.

    The score is 1 − the estimated share of wrong labels, with its interval. The quality of a class is
    1 − the mean error probability of the rows that bear it; a class without a row has none, and comes last.
    """
    rows, wrong, flagged = sums
    quality = 1.0 - wrong / np.where(rows > 0, rows, np.nan)
    ranked = [
        ClassHealth(
            name=classes[place],
            rows=int(rows[place]),
            flagged=int(flagged[place]),
            quality=None if np.isnan(quality[place]) else float(quality[place]),
        )
        for place in np.argsort(quality, kind="stable")
    ]
    rarest = int(np.argmin(rows))
    low, high = noise.rate_interval
    return HealthFindings(
        score=_right(noise.rate),
        interval=(_right(high), _right(low)),
        classes=tuple(ranked),
        balance=float(rows[rarest] * len(classes) / max(rows.sum(), 1.0)),
        rarest=classes[rarest],
    )


def _right(wrong: float | None) -> float | None:
    return None if wrong is None else 1.0 - wrong
