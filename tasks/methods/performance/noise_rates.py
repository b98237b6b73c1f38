"""Performance where the noise of the reference's labels is known only between two rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from labelworks.tasks.methods.arrays import Floats
from labelworks.tasks.methods.performance.estimated_confusion import EstimatedPerformance
from labelworks.tasks.methods.performance.figures import Bounded, ClassFigures

MOST = 0.95  # of a class's labels are thought wrong


@dataclass(frozen=True, eq=False)
class NoiseRates:
    """The transition (K, K) as it was estimated, its rate of wrong labels, and the 95 % interval of that."""

    transition: Floats
    rate: float
    interval: tuple[float, float] | None = None

    @property
    def transitions(self) -> list[Floats]:
        """The transition as it was estimated and, scaled to them, those at the ends of the interval.

        An estimated transition is off in all classes together: a weak model's errors are taken for noise. Its
        confusions are such errors too, and at the low end they still put the model in the right too often: so
        there the wrong labels are spread evenly as well.
        """
        if self.interval is None or not self.rate > 0 or not np.isfinite(self.interval).all():
            return [self.transition]
        low, high = (scaled(self.transition, end / self.rate) for end in self.interval)
        if len(low) == 2 or self.interval[0] <= 0:  # spread evenly it would be the same
            return [self.transition, low, high]
        return [self.transition, low, high, even(low)]


def scaled(transition: Floats, times: float) -> Floats:
    """A transition (K, K) whose labels are wrong so many times as often, of no class more than MOST."""
    wrong = np.array(transition, np.float64)
    np.fill_diagonal(wrong, 0.0)
    total = wrong.sum(axis=1)
    wrong *= (np.minimum(total * times, MOST) / np.maximum(total, 1e-300))[:, None]
    np.fill_diagonal(wrong, 1 - wrong.sum(axis=1))
    return wrong


def even(transition: Floats) -> Floats:
    """A transition (K, K), K > 1, whose wrong labels are as many in a class, and of every other alike."""
    right = np.diag(transition)
    spread = np.repeat(((1 - right) / (len(right) - 1))[:, None], len(right), axis=1)
    np.fill_diagonal(spread, right)
    return np.asarray(spread, dtype=np.float64)


def widest(found: Sequence[EstimatedPerformance]) -> EstimatedPerformance:
    """The first, its intervals so wide that they hold those of all."""
    first = found[0]
    overall = {
        name: Bounded(
            figure.value,
            float(np.fmin.reduce([estimate.overall[name].low for estimate in found])),
            float(np.fmax.reduce([estimate.overall[name].high for estimate in found])),
        )
        for name, figure in first.overall.items()
    }
    by_class = {}
    for name, figures in first.by_class.items():
        ends = np.stack([estimate.by_class[name].interval for estimate in found])
        interval = np.stack([np.fmin.reduce(ends[..., 0]), np.fmax.reduce(ends[..., 1])], axis=1)
        by_class[name] = ClassFigures(figures.values, interval)
    return replace(first, overall=overall, by_class=by_class)
