"""Where numbers lie around their prediction, and how widely: by the prediction, above and below, robustly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ROWS_A_BIN = 200  # from which a median and quartiles of a bin are told
MOST_BINS = 24
QUARTILE = 0.6744897501960817  # of a normal distribution, in its spreads
OF_SCALE, OF_CENTRE = 2.0, 1.25  # standard errors of log scale, and of centre in scales, times sqrt(rows)
NARROWEST = 0.1  # of the spread overall: no bin is taken for narrower
TINY = 1e-150  # a scale whose square is still a number
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LocalSpread:
    """Centre and the two scales of residuals by the prediction, linear between the places (B,).

    below, above (B,): the scales of residuals under and over the centre, by their quartiles.
    """

    place: Floats
    centre: Floats
    below: Floats
    above: Floats

    @classmethod
    def fit(cls, off: Floats, predicted: Floats) -> LocalSpread:
        """Learn from residuals (N,) and their predictions (N,): medians and quartiles of bins of equal size.

        Quartiles hardly move where a tenth of the numbers is wrong. Bins differ as far as the data show it.
        """
        order = np.argsort(predicted, kind="stable")
        bins = np.array_split(order, int(np.clip(len(order) // ROWS_A_BIN, 1, MOST_BINS)))
        place = np.array([np.median(predicted[chosen]) for chosen in bins])
        low, centre, high = np.array([np.quantile(off[chosen], [0.25, 0.5, 0.75]) for chosen in bins]).T
        each_rows = len(off) / len(bins)
        least = max(NARROWEST * float(np.median(high - low)) / 2, 1e-9 * float(np.ptp(off)), TINY)
        below, above = (
            np.exp(_shrunk(np.log(np.maximum(side, least) / QUARTILE), OF_SCALE / np.sqrt(each_rows)))
            for side in (centre - low, high - centre)
        )
        error = OF_CENTRE * (below + above) / 2 / np.sqrt(each_rows)
        return cls(place, _shrunk(centre, error), below, above)

    def around(self, predicted: Floats) -> tuple[Floats, Floats, Floats]:
        """Centre, scale below and scale above (N,) of the residuals of predictions (N,)."""
        centre, below, above = (
            np.interp(predicted, self.place, line) for line in (self.centre, self.below, self.above)
        )
        return centre, below, above

    def standardised(self, off: Floats, predicted: Floats) -> tuple[Floats, Floats]:
        """Residuals (N,) from their centre, in their scales; the mean scale (N,) of either side."""
        centre, below, above = self.around(predicted)
        return (off - centre) / np.where(off < centre, below, above), (below + above) / 2


def _shrunk(values: Floats, error: Floats | float) -> Floats:
    """Values of bins (B,) drawn to their median, as far as their standard error explains that they differ.

    Source: empirical Bayes, Efron & Morris 1975.
    """
    noise = np.square(error)
    middle = float(np.median(values))
    real = max(float(np.mean(np.square(values - middle) - noise)), 0.0)
    return np.asarray(middle + (values - middle) * real / (real + noise + TINY))
