"""Numbers that are no noise around their prediction."""

from __future__ import annotations

from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.regression.detect import Floats, check_fdr, threshold
from labelworks.tasks.methods.regression.judge import JudgedNumbers
from labelworks.tasks.methods.regression.outliers import Outliers


@register(
    "regression",
    "residuals",
    needs=("labels", "predictions"),
    source="mixture of noise and outliers, Lawrence & Schölkopf 2001; Lange, Little & Taylor 1989",
)
class UsualResiduals:
    """A likelihood of noise and of wrong numbers; where the latter aren't seen, nothing is flagged.

    fdr: the share of right numbers allowed among the flagged, by what is claimed of them.
    """

    def __init__(self, *, fdr: float = 0.1) -> None:
        check_fdr(fdr)
        self._fdr = fdr

    def fit(self, given: Floats, predicted: Floats, /) -> None:
        """Learn from given numbers (n,) and predictions (n,) out of sample."""
        self._outliers = Outliers.fit(given, predicted)
        self._over = threshold(self._outliers.error_probability(given, predicted), self._fdr)

    def judge(self, given: Floats, predicted: Floats, /) -> JudgedNumbers:
        """Judge the given numbers (N,) of rows."""
        error = self._outliers.error_probability(given, predicted)
        p_value = self._outliers.p_value(given, predicted)
        return JudgedNumbers(predicted, p_value, error, error >= self._over)

    def usual(self, predicted: Floats, /) -> tuple[Floats, Floats]:
        """Lower and upper end (N,) of what 95 % of the right numbers of such predictions are."""
        return self._outliers.usual(predicted)

    @property
    def rate(self) -> float:
        """The share of wrong numbers."""
        return self._outliers.rate
