"""Numbers that are further off than those of right rows."""

from __future__ import annotations

from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.regression.detect import Floats, check_fdr
from labelworks.tasks.methods.regression.judge import JudgedNumbers
from labelworks.tasks.methods.regression.residuals import Residuals


@register("regression", "residuals", needs=("labels", "predictions"), source="Zhou et al. 2023")
class UsualResiduals:
    """A Student t of the middle of the residuals says how far off right numbers are.

    fdr: the share of right numbers allowed among the flagged (Benjamini & Hochberg 1995).
    """

    def __init__(self, *, fdr: float = 0.1) -> None:
        check_fdr(fdr)
        self._fdr = fdr

    def fit(self, given: Floats, predicted: Floats, /) -> None:
        """Learn from given numbers (n,) and predictions (n,) out of sample."""
        self._residuals = Residuals.fit(given - predicted, self._fdr)

    def judge(self, given: Floats, predicted: Floats, /) -> JudgedNumbers:
        """Judge the given numbers (N,) of rows."""
        p_value = self._residuals.p_value(given - predicted)
        error = self._residuals.error_probability(p_value)
        return JudgedNumbers(predicted, p_value, error, p_value <= self._residuals.threshold)

    @property
    def limit(self) -> float:
        """How far from the prediction a number is still usual."""
        return self._residuals.limit

    @property
    def rate(self) -> float:
        """The share of wrong numbers."""
        return self._residuals.rate
