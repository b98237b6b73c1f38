"""Between what shares the labels may be wrong, and why that isn't known better."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labelworks.tasks.methods.noise.core.second_view import AgreedErrors

UNTESTED = 0.5  # of what the likelihood counts, all of which may be classes that the classifier mixes up


@dataclass(frozen=True)
class RateRange:
    """A range of the noise rate that rests on no model of the noise, and what it rests on, in words."""

    low: float
    high: float
    reason: str


def rate_range(
    first: float, spread: float, contradicted: float, rows: int, agreed: AgreedErrors | None
) -> RateRange:
    """The range of the rate: first, what the likelihood of labels finds, with half the width of its interval.

    contradicted: share of `rows` whose label isn't the likeliest class. Errors that a classifier has learned
    it doesn't contradict: a share more, which grows with those that it does.
    """
    chance = 1.96 * np.sqrt(max(contradicted * (1 - contradicted), 1 / rows) / rows)
    high = min(contradicted * (1 + contradicted / 2) + chance, 1.0)
    if agreed is None:
        low = UNTESTED * first - 2 * spread
        reason = (
            "from labels and probabilities alone, wrong labels can't be told from rows that are hard; "
            "features, neighbours or some rows looked at would narrow it"
        )
    else:
        low = min(first, agreed.least) - 2 * np.sqrt(max(agreed.least, 1 / rows) / rows)
        reason = (
            "from labels that both the probabilities and the nearest rows contradict, "
            "to all that the probabilities do; some rows looked at would narrow it"
        )
    return RateRange(max(float(low), 0.0), float(max(high, low)), reason)
