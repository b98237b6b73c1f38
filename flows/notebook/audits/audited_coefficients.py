"""A regression on labels of a model, put right by a few audited rows: `estimate_coefficients`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from labelworks.flows.notebook.inputs.columns import column, length, matrix
from labelworks.flows.notebook.results.shown import Shown, several
from labelworks.tasks.methods.inference.regression import Coefficients
from labelworks.tasks.methods.inference.regression import estimate_coefficients as estimated

INTERCEPT = "(intercept)"


@dataclass(frozen=True, eq=False, repr=False)
class RegressionEstimates(Shown):
    """Coefficients with their intervals, given by `estimate_coefficients`.

    Attributes
    ----------
    names : tuple of str
        Of the coefficients.
    coefficients : Coefficients
        `.values` (D,), `.errors` (D,), `.intervals` (D, 2), and `.power`: how far the model's labels were
        used, 0 not at all, 1 as if each were right.
    looks : int
        Rows that people looked at.
    """

    names: tuple[str, ...]
    coefficients: Coefficients
    looks: int

    def to_pandas(self) -> pd.DataFrame:
        """A row a coefficient."""
        estimates = self.coefficients
        low, high = estimates.intervals.T
        columns = {"coefficient": estimates.values, "error": estimates.errors, "low": low, "high": high}
        return pd.DataFrame(columns, pd.Index(self.names, name="column"))

    @property
    def summary(self) -> str:
        """How it was found, in a line."""
        used = f"the model's labels used to {self.coefficients.power:.2f}"
        return f"{several(len(self.names), 'coefficient')} by {several(self.looks, 'row')} looked at, {used}"


def estimate_coefficients(
    columns: Any,
    outcome: Any,
    audited: tuple[Any, Any],
    shown: Any = None,
    *,
    family: Literal["linear", "logistic"] = "linear",
    intercept: bool = True,
    confidence: float = 0.95,
) -> RegressionEstimates:
    """Regress a true outcome, known of few rows, on columns of all, with what a model says of it.

    Parameters
    ----------
    columns : table or array-like of shape (N, D)
        What the outcome is regressed on, in numbers.
    outcome : array-like of shape (N,)
        As a model has it, good or bad: numbers; for the logistic model probabilities or 0 and 1.
    audited : tuple of two array-likes of shape (n,)
        Numbers of rows that people looked at, and the true outcome of each.
    shown : array-like of shape (n,), optional
        The probability with which each was chosen; left out, all rows were as likely.
    family : {"linear", "logistic"}, default "linear"
        Least squares, or the logistic model of 0 and 1.
    intercept : bool, default True
        Whether there is one.
    confidence : float, default 0.95
        Of the intervals, which are normal: too narrow under about 100 looks, or of a rare outcome.

    Returns
    -------
    RegressionEstimates
        `.to_pandas()` has a row a coefficient.

    Raises
    ------
    InputError
        Rows that aren't there, come twice or are too few; columns that part the outcomes.
    ConfigError
        An unknown family.

    Notes
    -----
    Sources: Angelopoulos, Duchi & Zrnic (2023), PPI++; rows weighed by 1 / `shown`: Egami et al. (2023).

    Examples
    --------
    >>> import numpy as np
    >>> import labelworks as lw
    >>> rng = np.random.default_rng(0)
    >>> age = rng.normal(size=3000)
    >>> true = 1 + 2 * age + rng.normal(size=3000)
    >>> by_model = true + rng.normal(0.5, 0.5, 3000)
    >>> rows = rng.choice(3000, 200, replace=False)
    >>> found = lw.estimate_coefficients({"age": age}, by_model, (rows, true[rows]))
    >>> found.to_pandas()["coefficient"].round(0).to_dict()
    {'(intercept)': 1.0, 'age': 2.0}
    """
    if getattr(columns, "ndim", 2) == 1:
        columns = np.asarray(columns)[:, None]
    features, names = _features(columns)
    stated = column(outcome, "outcome").to_numpy()
    length("outcome", len(stated), len(features), "columns")
    if intercept:
        features, names = np.column_stack([np.ones(len(features)), features]), (INTERCEPT, *names)
    rows, truth = column(audited[0], "audited rows").to_numpy(), column(audited[1], "audited outcomes")
    length("audited outcomes", len(truth), len(rows), "audited rows")
    chance = None if shown is None else column(shown, "shown").to_numpy()
    estimates = estimated(
        features, stated, rows, truth.to_numpy(), chance, family=family, confidence=confidence
    )
    return RegressionEstimates(names, estimates, len(rows))


def _features(columns: Any) -> tuple[Any, tuple[str, ...]]:
    """Columns (N, D) as numbers, and their names."""
    given = matrix(columns, "columns")
    names = given.names if given.names is not None else range(given.values.shape[1])
    return given.values.astype(np.float64), tuple(str(name) for name in names)
