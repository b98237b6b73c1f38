"""Which numbers are wrong: a likelihood of two parts, and tests that say whether the second is there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.regression.any_label import AnyLabel
from labelworks.tasks.methods.regression.noise_shape import NoiseShape
from labelworks.tasks.methods.regression.spread import LocalSpread
from labelworks.tasks.methods.regression.tails import TINY, Tails, apart

APART = 0.75  # share of the other rows' labels that are surely so, where two heaps can be seen
FAR_APART = 0.5  # the same of numbers far from all, into which a heavy tail may reach
MOST = 0.5  # share of other rows' labels: of more, predictions foretell nothing that numbers could be told by
STEPS = 40
USUAL = 0.05  # share of right numbers that lie outside of what is usual
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Outliers:
    """What right numbers look like, and what wrong ones there are.

    Right numbers lie around their prediction; wrong ones are another row's label, or far from all labels.
    spread: centre and scales by the prediction; labels: densities of wrong numbers; tails: the likelihood
    with a Student t. far, others: whether either kind of wrong numbers is believed in by that. shape, share:
    of noise and of other rows' labels, where these are only told by the shape; else None and 0.
    """

    spread: LocalSpread
    labels: AnyLabel
    tails: Tails
    far: bool
    others: bool
    shape: NoiseShape | None
    share: float

    @classmethod
    def fit(cls, given: Floats, predicted: Floats, width: Floats | None = None) -> Outliers:
        """Learn from numbers (N,) and predictions (N,) out of sample; width (N,): how far off these may be.

        Wrong numbers, or those far from all alone, are believed in where the likelihood gains more than BIC
        (Schwarz 1978) asks for over a t of any heaviness, and their heap hardly overlaps with that of the
        right ones. Other rows' labels are also where the likelihood gains twice that over noise of any shape:
        they follow the labels, and noise follows the prediction. So a row that is hard to foretell isn't
        taken for a wrong one; and where most numbers would be other rows', none is: the predictions fail.
        """
        off = (given - predicted) / (1.0 if width is None else width)
        spread, labels = LocalSpread.fit(off, predicted), AnyLabel.fit(given)
        z, scale = _standardised(spread, off, predicted, width)
        wrong, least = labels.densities(given), float(np.log(max(len(given), 2)))  # two parameters, by BIC
        tails = Tails.fit(z, scale, wrong)
        of_others, is_far = tails.wrong(z, scale, wrong)
        gain, by_far = (
            tails.log_likelihood - Tails.fit(z, scale, wrong, others=also, far=False).log_likelihood
            for also in (False, True)
        )
        others = gain > least and apart(of_others + is_far) >= APART and tails.shares[0] <= MOST
        far = others or (by_far > least and apart(is_far) >= FAR_APART)
        if others:
            return cls(spread, labels, tails, far, others, None, 0.0)
        shape, share, gain = _against_any_shape(z, scale, wrong[0], of_others, 1 - is_far * far)
        believed = gain > 2 * least and share <= MOST
        return cls(
            spread, labels, tails, far, others, shape if believed else None, share if believed else 0.0
        )

    def error_probability(self, given: Floats, predicted: Floats, width: Floats | None = None) -> Floats:
        """P(the number is wrong) (N,); 0 where no wrong ones are believed in."""
        off = (given - predicted) / (1.0 if width is None else width)
        z, scale = _standardised(self.spread, off, predicted, width)
        wrong = self.labels.densities(given)
        by_others, by_far = self.tails.wrong(z, scale, wrong)
        right = 1 - by_others * self.others - by_far * self.far
        if self.shape is not None:
            odds = self.share * wrong[0]
            right *= 1 - odds / ((1 - self.share) * self.shape.of(z) / scale + odds + TINY)
        return np.asarray(np.clip(1 - right, 0, 1))

    def p_value(self, given: Floats, predicted: Floats, width: Floats | None = None) -> Floats:
        """Share of right numbers (N,) as far off or farther."""
        off = (given - predicted) / (1.0 if width is None else width)
        return self.tails.p_value(self.spread.standardised(off, predicted)[0])

    def usual(self, predicted: Floats, width: Floats | None = None) -> tuple[Floats, Floats]:
        """Lower and upper end (N,) of what 95 % of the right numbers of such predictions are."""
        centre, below, above = self.spread.around(predicted)
        reach, wide = self.tails.reach(USUAL), 1.0 if width is None else width
        return predicted + wide * (centre - reach * below), predicted + wide * (centre + reach * above)

    @property
    def rate(self) -> float:
        """The share of wrong numbers."""
        of_others, far = self.tails.shares
        return min(of_others * self.others + far * self.far + self.share, 1.0)


def _standardised(
    spread: LocalSpread, off: Floats, predicted: Floats, width: Floats | None
) -> tuple[Floats, Floats]:
    z, scale = spread.standardised(off, predicted)
    return z, np.maximum(scale if width is None else scale * width, TINY)


def _against_any_shape(
    z: Floats, scale: Floats, others: Floats, wrong: Floats, weight: Floats
) -> tuple[NoiseShape, float, float]:
    """Noise of any shape, the share of other rows' labels beside it, and what the likelihood gains by these.

    others (N,): the density of other rows' labels; wrong (N,): P(it is one) to begin with; weight (N,): what
    rows count for. EM as of Lawrence & Schölkopf 2001, the noise by a kernel density.
    """
    alone = NoiseShape.fit(z, weight).of(z) / scale
    for _ in range(STEPS):
        share = float(weight @ wrong) / max(float(weight.sum()), 1.0)
        shape = NoiseShape.fit(z, weight * (1 - wrong))
        right = (1 - share) * shape.of(z) / scale
        total = right + share * others + TINY
        wrong = share * others / total
    return shape, share, float(weight @ np.log(total / (alone + TINY)))
